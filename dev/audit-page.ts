// The page of audit records, field by field, from their schema.
import type * as v from 'valibot'
import { RECORD_SCHEMAS } from './audit-schema.ts'
import { formatCode, formatTable } from './markdown.ts'

const WHEN: Readonly<Record<keyof typeof RECORD_SCHEMAS, string>> = {
  login: 'Every login, of agents and issuers.',
  challenge: 'Every refused challenge.',
  mapping: 'Every request for claims.',
  serverless: 'Every request for the identity of a workload without an agent.',
  status: 'Every refused question for the status of one or all clusters.',
  introspection: 'Every introspection.',
  fault: 'A request at which the gateway itself failed: it was answered with `500 internal_error`.',
}

interface Node {
  readonly type: string
  readonly wrapped?: Node
  readonly pipe?: readonly (Node & { readonly description?: string })[]
  readonly item?: Node
  readonly entries?: Readonly<Record<string, Node>>
  readonly options?: readonly (Node | string)[]
  readonly literal?: unknown
}

export function makeAuditPage(): string {
  const sections = Object.entries(RECORD_SCHEMAS).flatMap(([name, schema]) => [
    `## ${formatCode(name)}`,
    WHEN[name as keyof typeof RECORD_SCHEMAS],
    formatTable(['field', 'type', 'what it is'], [...listFields(schema as v.GenericSchema as unknown as Node, '')]),
  ])
  const intro = `The records of requests, field by field; [\`schemas/audit-record.json\`](../schemas/audit-record.json) is their JSON Schema, with the [events](events.md) of the same stream. A field marked \`?\` may
be absent. Names and meanings are never changed; new fields may come.`
  return `${['<!-- Made by `npm run docs` from dev/audit-schema.ts. -->', '# Audit records', intro, ...sections].join('\n\n')}\n`
}

function* listFields(node: Node, prefix: string): Iterable<readonly string[]> {
  for (const [name, entry] of Object.entries(unwrap(node).entries ?? {})) {
    const isOptional = entry.type === 'exact_optional'
    const inner = unwrap(entry)
    const path = `${prefix}${name}`
    yield [formatCode(path) + (isOptional ? ' ?' : ''), describeType(inner), findDescription(entry)]
    const members = inner.type === 'array' && inner.item !== undefined ? unwrap(inner.item) : inner
    if (members.entries !== undefined) yield* listFields(members, `${path}${inner.type === 'array' ? '[]' : ''}.`)
  }
}

/** What a schema is, below what makes it optional, read-only or described. */
function unwrap(node: Node): Node {
  if (node.wrapped !== undefined) return unwrap(node.wrapped)
  const [first] = node.pipe ?? []
  return first !== undefined &&
    first !== node &&
    (first.pipe !== undefined || first.wrapped !== undefined || first.type !== node.type)
    ? unwrap(first)
    : node
}

function findDescription(node: Node): string {
  for (const step of node.pipe ?? []) if (step.type === 'description') return step.description ?? ''
  return node.wrapped === undefined ? '' : findDescription(node.wrapped)
}

function describeType({ type, options, literal }: Node): string {
  switch (type) {
    case 'literal':
      return formatCode(JSON.stringify(literal))
    case 'picklist': {
      const values = (options ?? []).map((one) => formatCode(String(one)))
      return values.length > 8 ? 'code' : values.join(', ')
    }
    case 'union':
      return (options ?? []).map((one) => describeType(unwrap(one as Node))).join(', ')
    case 'strict_object':
    case 'record':
      return 'object'
    case 'array':
      return 'list'
    default:
      return type
  }
}
