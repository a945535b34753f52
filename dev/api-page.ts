// docs/api.md: the HTTP interface for a reader, from the tables that /openapi.json is made of.
import openApiSchemas from '../schemas/openapi-schemas.json' with { type: 'json' }
import { REFUSALS } from '../src/core/refusal.ts'
import { REFUSALS_OF_ALL } from '../src/gateway/openapi/operation-refusals.ts'
import { OPERATIONS, type Operation } from '../src/gateway/openapi/operations.ts'
import { formatCode, formatTable } from './markdown.ts'

/** As far as the schemas of requests and answers use JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly $ref?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly additionalProperties?: boolean | Schema
  readonly maxLength?: number
  readonly maxItems?: number
}

const SCHEMAS = openApiSchemas as unknown as Readonly<Record<string, Schema>>

const TAGS: readonly (readonly [Operation['tag'], string])[] = [
  ['login', 'Log in'],
  ['mapping', 'For issuers'],
  ['published', 'Published documents'],
  ['health', 'Health'],
]

/** The page, whole. */
export function makeApiPage(): string {
  const intro = `The interface as a gateway describes it itself at \`/openapi.json\` (OpenAPI 3.1), from which clients can be generated. JSON in and out, in
camelCase; a field that is not listed is refused in a request. Errors are \`application/problem+json\` (RFC 9457) with a \`code\` of the [closed table](codes.md), a
\`requestId\` that the audit record has as well, and never a part of a token. A \`503\` has \`Retry-After\`.`
  const operations = TAGS.flatMap(([tag, title]) => [
    `## ${title}`,
    ...OPERATIONS.filter((operation) => operation.tag === tag).flatMap(describeOperation),
  ])
  const names = [
    ...new Set(OPERATIONS.flatMap(({ body, answer }) => [body, answer]).filter((name) => name !== undefined)),
  ]
  const schemas = withReferences(names)
    .toSorted()
    .flatMap((name) => describeSchema(name, SCHEMAS[name] ?? {}))
  const common = REFUSALS_OF_ALL.map(formatCode).join(', ')
  return `${[
    '<!-- Made by `npm run docs` from the tables in `src/gateway/openapi/`. -->',
    '# HTTP interface',
    intro,
    `Any operation may also answer ${common}.`,
    ...operations,
    '## Bodies',
    ...schemas,
  ].join('\n\n')}\n`
}

function describeOperation(operation: Operation): readonly string[] {
  const {
    method,
    path,
    summary,
    body,
    bodyType,
    answer,
    type,
    isForIssuers,
    query = [],
    refusals,
    refusalsOf401 = [],
  } = operation
  const link = (name: string): string => `[${name}](#${name.toLowerCase()})`
  const facts = [
    ...(isForIssuers === true ? ['Needs the session of an issuer (`Authorization: Bearer`).'] : []),
    ...(query.length === 0 ? [] : [`Query: ${query.map(formatCode).join(', ')}.`]),
    ...(body === undefined
      ? []
      : [`Body: ${link(body)}${bodyType === undefined ? '' : `, as ${formatCode(bodyType)}`}.`]),
    ...(answer === undefined
      ? []
      : [`Answer: \`200\` ${link(answer)}${type === undefined ? '' : `, as ${formatCode(type)}`}.`]),
  ]
  const byStatus = Map.groupBy(new Set(refusals), (code) => REFUSALS[code].status)
  if (refusalsOf401.length > 0) byStatus.set(401, [...new Set([...(byStatus.get(401) ?? []), ...refusalsOf401])])
  const rows = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, codes]) => [String(status), codes.map(formatCode).join(', ')])
  return [
    `### ${method.toUpperCase()} ${path.replaceAll(/[{}]/g, (brace) => `\\${brace}`)}`,
    `${summary}. ${facts.join(' ')}`.trim(),
    ...(rows.length === 0 ? [] : [formatTable(['refused with', 'code'], rows)]),
  ]
}

/** The names, and those that they refer to. */
function withReferences(names: readonly string[]): readonly string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name) || SCHEMAS[name] === undefined) return
    found.add(name)
    for (const [, target = ''] of JSON.stringify(SCHEMAS[name]).matchAll(/#\/components\/schemas\/(\w+)/g))
      visit(target)
  }
  for (const name of names) visit(name)
  return [...found]
}

function describeSchema(name: string, schema: Schema): readonly string[] {
  const rows = [...listFields(schema, '')]
  const lead = schema.description === undefined ? [] : [`${schema.description}.`]
  const options = (schema.oneOf ?? []).map(nameType).join(' or ')
  return [
    `### ${name}`,
    ...lead,
    ...(options === '' ? [] : [`One of ${options}.`]),
    ...(rows.length === 0 ? [] : [formatTable(['field', 'type', 'what it is'], rows)]),
  ]
}

function* listFields(schema: Schema, prefix: string): Iterable<readonly string[]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const isOptional = schema.required?.includes(name) !== true
    const path = `${prefix}${name}`
    yield [formatCode(path) + (isOptional ? ' ?' : ''), nameType(field), describeField(field)]
    const inner = field.items ?? field
    yield* listFields(inner, `${path}${field.items === undefined ? '' : '[]'}.`)
  }
}

function describeField({ description, maxLength, maxItems }: Schema): string {
  const limits = [
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems}`]),
  ]
  return [...(description === undefined ? [] : [description]), ...limits].join('; ')
}

function nameType(schema: Schema): string {
  const target = schema.$ref?.split('/').at(-1)
  if (target !== undefined) return `[${target}](#${target.toLowerCase()})`
  if (schema.const !== undefined) return formatCode(JSON.stringify(schema.const))
  if (schema.enum !== undefined) return schema.enum.map((one) => formatCode(String(one))).join(', ')
  if (schema.oneOf !== undefined) return schema.oneOf.map(nameType).join(' or ')
  if (schema.items !== undefined) return `list of ${nameType(schema.items)}`
  return typeof schema.type === 'string' ? schema.type : (schema.type ?? ['any']).join(' or ')
}
