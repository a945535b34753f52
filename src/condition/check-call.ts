// The functions and macros of conditions, and by name those of CEL that conditions do not have.
import { CONDITION_PATTERNS_MAX, PATTERN_MAX_LENGTH, PATTERN_STEPS_PER_DOCUMENT_MAX } from '../core/limits.ts'
import { suggestNearest } from '../core/nearest.ts'
import type { CompiledPattern } from '../pattern/pattern.ts'
import type { PatternMeter } from '../pattern/pattern-meter.ts'
import type { Report } from './check-report.ts'
import { type Expression, findElementType, isList, type LoopKind, TYPE_NAMES, type Variable } from './expression.ts'
import type { Resolved } from './reference.ts'
import type { Node, Span } from './syntax.ts'

/** What checking a call needs of the checker. */
export interface Call {
  readonly check: (node: Node, variables: readonly Variable[]) => Expression | undefined
  readonly report: Report
  readonly unsupported: (what: string, offset: number) => undefined
  /** The attribute that a chain names; `undefined` if the node is not a chain, or begins with a variable. */
  readonly resolve: (node: Node, variables: readonly Variable[]) => Resolved | undefined
  readonly reportResolved: (resolved: Resolved & { ok: false }) => undefined
  readonly source: string
  readonly loopsMax: number
  /** The patterns of the expression so far, by their text. */
  readonly patterns: Map<string, CompiledPattern>
  readonly meter: PatternMeter
}

type CallNode = Node & { kind: 'call' }

const OURS = ['startsWith', 'endsWith', 'contains', 'matches', 'size', 'has', 'all', 'exists', 'exists_one']

/** Functions and macros of CEL's specification and of the extensions that Kubernetes has. */
const FOREIGN: ReadonlySet<string> = new Set(
  `map filter existsOne transformList transformMap transformMapEntry dyn type int uint double string bool bytes
  timestamp duration getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes
  getMonth getSeconds charAt indexOf lastIndexOf lowerAscii upperAscii replace split substring trim join format quote
  reverse find findAll isSorted sum min max sets url isURL ip isIP cidr isCIDR quantity isQuantity semver isSemver
  optional orValue hasValue bind greatest least ceil floor round encode decode base64 distinct flatten sort sortBy
  slice range first last`.split(/\s+/),
)

export function checkCall(node: CallNode, variables: readonly Variable[], call: Call): Expression | undefined {
  switch (node.name) {
    case 'has':
      if (node.receiver === undefined) return checkHas(node, variables, call)
      break
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      if (node.receiver !== undefined) return checkSearch(node, node.name, node.receiver, variables, call)
      break
    case 'matches':
      return checkMatches(node, variables, call)
    case 'size':
      return checkSize(node, variables, call)
    case 'all':
    case 'exists':
    case 'exists_one':
      if (node.receiver !== undefined) return checkLoop(node, node.name, node.receiver, variables, call)
      break
    default:
      if (FOREIGN.has(node.name)) return call.unsupported(`${node.name}()`, node.offset)
      return call.report(
        'condition_type',
        `Cannot call "${node.name}": unknown function${suggestNearest(node.name, OURS)}`,
        node.offset,
      )
  }
  const form =
    node.receiver === undefined ? `a value and a dot before ${node.name}()` : `${node.name}() without a value before it`
  return call.report('condition_type', `Cannot call "${node.name}" in this form: write ${form}`, node.offset)
}

function pickSpan(node: Node): Span {
  return { start: node.start, end: node.end, offset: node.offset }
}

function reportArguments(node: CallNode, takes: string, call: Call): undefined {
  return call.report('condition_type', `${node.name}() expects ${takes}`, node.offset)
}

/**
 * `has(a.b)` is a macro of a field selection (CEL specification, "Macros"): a bare name or an index is not an argument.
 */
function checkHas(node: CallNode, variables: readonly Variable[], call: Call): Expression | undefined {
  const [field] = node.args
  if (field === undefined || node.args.length !== 1) return reportArguments(node, 'one attribute', call)
  if (field.kind === 'index') {
    const resolved = call.resolve(field, variables)
    if (resolved !== undefined && !resolved.ok) return call.reportResolved(resolved)
    const guard =
      resolved?.ok === true && resolved.attribute.guard !== undefined ? resolved.attribute.guard : '"key" in map'
    return call.report('condition_syntax', `Cannot use has() on an index: write ${guard}`, node.offset)
  }
  if (field.kind !== 'field')
    return call.report('condition_syntax', 'has() expects a field, as in has(a.b)', node.offset)
  const resolved = call.resolve(field, variables)
  if (resolved === undefined) {
    return call.report('condition_type', 'has() expects a field of an attribute: this value has no fields', node.offset)
  }
  if (!resolved.ok) return call.reportResolved(resolved)
  if (resolved.attribute.guard === undefined) return call.unsupported('has() on a field behind a map key', node.offset)
  return { kind: 'present', type: 'bool', attribute: resolved.attribute, ...pickSpan(node) }
}

function checkSearch(
  node: CallNode,
  kind: 'startsWith' | 'endsWith' | 'contains',
  receiver: Node,
  variables: readonly Variable[],
  call: Call,
): Expression | undefined {
  const [part] = node.args
  if (part === undefined || node.args.length !== 1) return reportArguments(node, 'one string', call)
  const left = call.check(receiver, variables)
  const right = call.check(part, variables)
  if (left === undefined || right === undefined) return undefined
  if (kind === 'contains' && isList(left.type)) {
    return call.report('condition_type', 'contains() expects a string, not a list: write x in list', node.offset)
  }
  if (left.type !== 'text' || right.type !== 'text')
    return reportArguments(node, 'a string argument and is called on a string', call)
  return { kind, type: 'bool', left, right, ...pickSpan(node) }
}

function checkMatches(node: CallNode, variables: readonly Variable[], call: Call): Expression | undefined {
  const [text, pattern] = node.receiver === undefined ? node.args : [node.receiver, ...node.args]
  const count = node.args.length + (node.receiver === undefined ? 0 : 1)
  if (text === undefined || pattern === undefined || count !== 2) return reportArguments(node, 'one pattern', call)
  const of = call.check(text, variables)
  if (pattern.kind !== 'text') return call.unsupported('a pattern that is not a string literal', pattern.start)
  if (pattern.value.length > PATTERN_MAX_LENGTH) {
    const message = `Cannot compile the pattern: it is longer than ${PATTERN_MAX_LENGTH} characters`
    return call.report('pattern_too_large', message, pattern.start)
  }
  const known = call.patterns.get(pattern.value)
  if (known === undefined && call.patterns.size >= CONDITION_PATTERNS_MAX) {
    const message = `Cannot compile the expression: it has more than ${CONDITION_PATTERNS_MAX} patterns`
    return call.report('condition_too_large', message, pattern.start)
  }
  const compiled = known ?? call.meter.compile(pattern.value)
  if (compiled === 'spent') return undefined
  if (compiled === 'over') {
    const message = `Cannot compile the pattern: the patterns of this document together take more than ${PATTERN_STEPS_PER_DOCUMENT_MAX} steps to build; shorten their repetitions and character classes, or write startsWith(), endsWith(), contains() or a list of values instead`
    return call.report('condition_too_large', message, pattern.start)
  }
  call.patterns.set(pattern.value, compiled)
  if (!compiled.ok) {
    // Without escapes the source contains the pattern verbatim, so the fault has its exact place.
    const written = call.source.slice(pattern.start, pattern.end).indexOf(pattern.value)
    const offset = written < 0 ? pattern.start : pattern.start + written + compiled.offset
    return call.report(compiled.code, compiled.message, offset)
  }
  if (of === undefined) return undefined
  if (of.type !== 'text') return reportArguments(node, 'a pattern as its argument and is called on a string', call)
  return { kind: 'matches', type: 'bool', of, pattern: compiled.pattern, ...pickSpan(node) }
}

function checkSize(node: CallNode, variables: readonly Variable[], call: Call): Expression | undefined {
  const operands = node.receiver === undefined ? node.args : [node.receiver, ...node.args]
  const [operand] = operands
  if (operand === undefined || operands.length !== 1) return reportArguments(node, 'one string or list', call)
  const of = call.check(operand, variables)
  if (of === undefined) return undefined
  if (of.type !== 'text' && !isList(of.type)) return reportArguments(node, 'a string or a list', call)
  return { kind: 'size', type: 'int', of, ...pickSpan(node) }
}

function checkLoop(
  node: CallNode,
  kind: LoopKind,
  receiver: Node,
  variables: readonly Variable[],
  call: Call,
): Expression | undefined {
  const [name, body] = node.args
  if (node.args.length === 3) return call.unsupported(`${kind}() with two variables`, node.offset)
  if (name === undefined || body === undefined) return reportArguments(node, 'a variable and a bool', call)
  if (name.kind !== 'name') {
    return call.report('condition_syntax', `The first argument of ${kind}() must be the name of a variable`, name.start)
  }
  if (variables.length >= call.loopsMax) {
    return call.report('condition_too_large', `Cannot nest more than ${call.loopsMax} loops`, node.offset)
  }
  const range = call.check(receiver, variables)
  if (range === undefined) return undefined
  if (!isList(range.type)) {
    return call.report(
      'condition_type',
      `${kind}() expects a list and is called on a value of type ${TYPE_NAMES[range.type]}`,
      node.offset,
    )
  }
  const element = findElementType(range.type)
  if (element === undefined) return call.unsupported('a loop over an empty list', node.offset)
  const predicate = call.check(body, [...variables, { name: name.name, type: element }])
  if (predicate === undefined) return undefined
  if (predicate.type !== 'bool') return reportArguments(node, 'a variable and a bool', call)
  return { kind, type: 'bool', range, variable: name.name, body: predicate, ...pickSpan(node) }
}
