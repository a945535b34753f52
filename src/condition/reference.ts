// References: which attribute a chain of fields and keys names. CEL selects a map's key by index or as a field; the
// catalogue has more notations, and one that CEL would read otherwise is not accepted.
import type { AttributeReference } from './expression.ts'
import type { ConditionScope, ScopeAttribute } from './scope.ts'
import type { Node } from './syntax.ts'

/** A chain such as `kubernetes.pod.label["app"]`, taken apart. */
export interface Chain {
  readonly root: string
  readonly fields: number
  /** Dotted, with the key in brackets: what the scope resolves. */
  readonly text: string
  readonly lastName: string
  /** The source of what was indexed, and the index. */
  readonly indexed?: { readonly of: Node; readonly key: Node; readonly isLast: boolean }
  readonly indexes: number
}

export type Resolved =
  | { readonly ok: true; readonly attribute: AttributeReference; readonly key: string | undefined }
  | {
      readonly ok: false
      readonly code: 'attribute_unknown' | 'attribute_surface_forbidden' | 'condition_unsupported'
      readonly message: string
      readonly offset: number
    }

/** The chain that a node is, or `undefined` for any other node. */
export function readChain(node: Node): Chain | undefined {
  if (node.kind === 'name') {
    return { root: node.name, fields: 0, text: node.name, lastName: node.name, indexes: 0 }
  }
  if (node.kind === 'field') {
    const of = readChain(node.of)
    if (of === undefined) return undefined
    const indexed = of.indexed === undefined ? {} : { indexed: { ...of.indexed, isLast: false } }
    return { ...of, ...indexed, fields: of.fields + 1, text: `${of.text}.${node.name}`, lastName: node.name }
  }
  if (node.kind !== 'index') return undefined
  const of = readChain(node.of)
  if (of === undefined) return undefined
  const key = node.key.kind === 'text' ? node.key.value : ''
  const indexed = { of: node.of, key: node.key, isLast: true }
  return { ...of, text: `${of.text}[${key}]`, indexed, indexes: of.indexes + 1 }
}

/** The attribute that `chain` names, with what guards a read of it. `source` is the text of the whole expression. */
export function resolveChain(chain: Chain, node: Node, scope: ConditionScope, source: string): Resolved {
  const { indexed } = chain
  if (chain.indexes > 1) return refuseUnsupported('more than one index in a reference', node)
  if (indexed !== undefined && indexed.key.kind !== 'text') {
    const isListIndex = scope.resolve(readChain(indexed.of)?.text ?? '')?.row.many === true
    return refuseUnsupported(isListIndex ? 'a list index' : 'a map key that is not a string literal', indexed.key)
  }
  const key = indexed?.key.kind === 'text' ? indexed.key.value : undefined
  const found = scope.resolve(chain.text)
  // `label.app` selects the key "app". `label.app.io` would select a field of a string, whatever the catalogue reads.
  const isSameAsInCel = key === undefined ? found?.key === undefined || isField(found.key, chain) : found?.key === key
  if (found === undefined || !isSameAsInCel) return refuseUnknown(chain, node, scope)
  const forbidden = scope.forbid?.(found)
  if (forbidden !== undefined) {
    return { ok: false, code: 'attribute_surface_forbidden', message: forbidden, offset: node.start }
  }
  const guard = writeGuard(chain, found, node, source)
  return { ok: true, key: found.key, attribute: makeReference(found, guard) }
}

function makeReference(found: ScopeAttribute, guard: string | undefined): AttributeReference {
  const type = found.row.many === true ? 'texts' : found.row.type
  return { name: found.name, type, isOptional: found.row.optional === true, chosenBy: found.row.chosenBy, guard }
}

function isField(key: string, chain: Chain): boolean {
  return !key.includes('.') && chain.text.split('.').includes(key)
}

/** `has(m["k"].f)` is not a guard: if "k" is absent, CEL returns an error and not false. */
function writeGuard(chain: Chain, found: ScopeAttribute, node: Node, source: string): string | undefined {
  if (found.key === undefined) return chain.fields > 0 ? `has(${source.slice(node.start, node.end)})` : undefined
  if (chain.indexed !== undefined) {
    if (!chain.indexed.isLast) return undefined
    const { of, key } = chain.indexed
    return `${source.slice(key.start, key.end)} in ${source.slice(of.start, of.end)}`
  }
  return chain.lastName === found.key ? `has(${source.slice(node.start, node.end)})` : undefined
}

/** `"k" in m`: the attribute that `m["k"]` names. */
export function resolveEntry(chain: Chain, node: Node, key: Node, scope: ConditionScope, source: string): Resolved {
  if (key.kind !== 'text') {
    const isMap = scope.resolve(`${chain.text}[x]`)?.key === 'x'
    return isMap ? refuseUnsupported('a map key that is not a string literal', key) : refuseUnknown(chain, node, scope)
  }
  const entry: Node = { kind: 'index', of: node, key, start: node.start, end: node.end, offset: node.offset }
  const entryChain = readChain(entry)
  return entryChain === undefined ? refuseUnknown(chain, node, scope) : resolveChain(entryChain, entry, scope, source)
}

function refuseUnknown(chain: Chain, node: Node, scope: ConditionScope): Resolved {
  const suggestion = scope.suggest(chain.text)
  const hint = suggestion === undefined || suggestion === chain.text ? '' : `; did you mean ${quoteName(suggestion)}?`
  const isMap = scope.resolve(`${chain.text}[x]`)?.key === 'x'
  const message = isMap
    ? `Cannot read "${chain.text}" as a value: it is a map; name a key, as in ${chain.text}["app"]`
    : `Cannot use "${chain.text}": unknown attribute${hint}`
  return { ok: false, code: 'attribute_unknown', message, offset: node.start }
}

/** A canonical name as CEL writes it: the key in brackets needs quotes. */
function quoteName(name: string): string {
  const open = name.indexOf('[')
  const close = name.lastIndexOf(']')
  if (open < 0 || close < open) return name
  return `${name.slice(0, open)}[${JSON.stringify(name.slice(open + 1, close))}]${name.slice(close + 1)}`
}

function refuseUnsupported(what: string, node: Node): Resolved {
  const message = `Cannot use ${what}: conditions do not support this part of CEL`
  return { ok: false, code: 'condition_unsupported', message, offset: node.start }
}
