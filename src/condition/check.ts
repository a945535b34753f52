// Names and types: from the parser's tree to an expression that can only fail as CEL fails. All issues are collected.
import { CONDITION_LOOPS_MAX } from '../core/limits.ts'
import type { PatternMeter } from '../pattern/pattern-meter.ts'
import { type Call, checkCall } from './check-call.ts'
import type { Report } from './check-report.ts'
import {
  type Expression,
  findElementType,
  findListType,
  isList,
  TYPE_NAMES,
  type Type,
  type Variable,
} from './expression.ts'
import { type Resolved, readChain, resolveChain, resolveEntry } from './reference.ts'
import type { ConditionScope } from './scope.ts'
import type { BinaryOperator, Node, Span } from './syntax.ts'

const COMPARISONS = {
  '==': 'equal',
  '!=': 'notEqual',
  '<': 'less',
  '<=': 'lessOrEqual',
  '>': 'greater',
  '>=': 'greaterOrEqual',
} as const

/** The expression, or `undefined` once anything was reported. `source` is its text. */
export function checkExpression(
  root: Node,
  source: string,
  scope: ConditionScope,
  report: Report,
  meter: PatternMeter,
): Expression | undefined {
  function check(node: Node, variables: readonly Variable[]): Expression | undefined {
    const span: Span = { start: node.start, end: node.end, offset: node.offset }
    switch (node.kind) {
      case 'text':
        return { kind: 'text', type: 'text', value: node.value, ...span }
      case 'int':
        return { kind: 'int', type: 'int', value: node.value, ...span }
      case 'bool':
        return { kind: 'bool', type: 'bool', value: node.value, ...span }
      case 'list':
        return checkList(node, variables)
      case 'name':
      case 'field':
      case 'index':
        return checkReference(node, variables)
      case 'call':
        return checkCall(node, variables, callContext)
      case 'not': {
        const of = check(node.of, variables)
        if (of === undefined) return undefined
        return of.type === 'bool'
          ? { kind: 'not', type: 'bool', of, ...span }
          : report(
              'condition_type',
              `Cannot negate a value of type ${TYPE_NAMES[of.type]}: "!" expects a bool`,
              node.offset,
            )
      }
      case 'binary':
        return node.operator === 'in' ? checkIn(node, variables) : checkBinary(node, variables)
      case 'conditional':
        return checkConditional(node, variables)
    }
  }

  function checkAll(nodes: readonly Node[], variables: readonly Variable[]): readonly Expression[] | undefined {
    const checked = nodes.map((node) => check(node, variables))
    const known = checked.filter((expression) => expression !== undefined)
    return known.length === checked.length ? known : undefined
  }

  function checkList(node: Node & { kind: 'list' }, variables: readonly Variable[]): Expression | undefined {
    const items = checkAll(node.items, variables)
    if (items === undefined) return undefined
    const [first] = items
    const type = first === undefined ? 'empty' : findListType(first.type)
    if (type === undefined) return reportUnsupported('a list of lists', node.start)
    const other = items.find((item) => item.type !== first?.type)
    if (other !== undefined) return reportUnsupported('a list of mixed types', other.start)
    return { kind: 'list', type, items, start: node.start, end: node.end, offset: node.offset }
  }

  function checkReference(node: Node, variables: readonly Variable[]): Expression | undefined {
    const span: Span = { start: node.start, end: node.end, offset: node.start }
    const chain = readChain(node)
    if (chain === undefined) {
      if (node.kind === 'index') return reportUnsupported('an index on this value', node.offset)
      return report('condition_type', 'Cannot select a field here: the value is not an attribute', node.offset)
    }
    const loop = variables.findLastIndex((variable) => variable.name === chain.root)
    const variable = variables[loop]
    if (variable !== undefined) {
      if (node.kind === 'name') return { kind: 'variable', type: variable.type, loop, ...span }
      const message = `Cannot select from "${chain.root}": it is of type ${TYPE_NAMES[variable.type]}`
      return report('condition_type', message, node.start)
    }
    const resolved = resolveChain(chain, node, scope, source)
    if (!resolved.ok) return reportResolved(resolved)
    return { kind: 'attribute', type: resolved.attribute.type, attribute: resolved.attribute, ...span }
  }

  function reportResolved(resolved: Resolved & { ok: false }): undefined {
    return report(resolved.code, resolved.message, resolved.offset)
  }

  function checkIn(node: Node & { kind: 'binary' }, variables: readonly Variable[]): Expression | undefined {
    const span: Span = { start: node.start, end: node.end, offset: node.offset }
    const chain = readChain(node.right)
    const isVariable = variables.some((variable) => variable.name === chain?.root)
    if (chain !== undefined && !isVariable && chain.indexes === 0 && scope.resolve(chain.text) === undefined) {
      const key = check(node.left, variables)
      if (key === undefined) return undefined
      if (key.type !== 'text') return reportMismatch('in', key.type, 'a map of strings', node.offset)
      const entry = resolveEntry(chain, node.right, node.left, scope, source)
      if (!entry.ok) return reportResolved(entry)
      return { kind: 'present', type: 'bool', attribute: entry.attribute, ...span }
    }
    const left = check(node.left, variables)
    const right = check(node.right, variables)
    if (left === undefined || right === undefined) return undefined
    if (!isList(right.type)) return reportMismatch('in', left.type, TYPE_NAMES[right.type], node.offset)
    if (isList(left.type)) return reportUnsupported('a list of lists', node.offset)
    if (right.type !== 'empty' && findElementType(right.type) !== left.type) {
      return reportMismatch('in', left.type, TYPE_NAMES[right.type], node.offset)
    }
    return { kind: 'in', type: 'bool', left, right, ...span }
  }

  function checkBinary(node: Node & { kind: 'binary' }, variables: readonly Variable[]): Expression | undefined {
    const left = check(node.left, variables)
    const right = check(node.right, variables)
    if (left === undefined || right === undefined) return undefined
    const span: Span = { start: node.start, end: node.end, offset: node.offset }
    const { operator } = node
    if (operator === '&&' || operator === '||') {
      const kind = operator === '&&' ? 'and' : 'or'
      if (left.type === 'bool' && right.type === 'bool') return { kind, type: 'bool', left, right, ...span }
      return reportMismatch(operator, left.type, TYPE_NAMES[right.type], node.offset)
    }
    if (operator === '+') {
      if (isList(left.type) && isList(right.type)) return reportUnsupported('"+" on lists', node.offset)
      if (left.type === right.type && (left.type === 'text' || left.type === 'int')) {
        return { kind: 'add', type: left.type, left, right, ...span }
      }
      return reportMismatch(operator, left.type, TYPE_NAMES[right.type], node.offset)
    }
    if (!isComparable(left.type, right.type, operator)) {
      return reportMismatch(operator, left.type, TYPE_NAMES[right.type], node.offset)
    }
    return { kind: COMPARISONS[operator as keyof typeof COMPARISONS], type: 'bool', left, right, ...span }
  }

  function checkConditional(
    node: Node & { kind: 'conditional' },
    variables: readonly Variable[],
  ): Expression | undefined {
    const test = check(node.test, variables)
    const whenTrue = check(node.whenTrue, variables)
    const whenFalse = check(node.whenFalse, variables)
    if (test === undefined || whenTrue === undefined || whenFalse === undefined) return undefined
    if (test.type !== 'bool') {
      const message = `The condition before "?" is of type ${TYPE_NAMES[test.type]}: expected bool`
      return report('condition_type', message, node.offset)
    }
    const type = findCommonType(whenTrue.type, whenFalse.type)
    if (type === undefined) return reportMismatch('?:', whenTrue.type, TYPE_NAMES[whenFalse.type], node.offset)
    const span: Span = { start: node.start, end: node.end, offset: node.offset }
    return { kind: 'conditional', type, test, whenTrue, whenFalse, ...span }
  }

  function reportMismatch(operator: string, left: Type, right: string, offset: number): undefined {
    return report('condition_type', `Cannot apply "${operator}" to ${TYPE_NAMES[left]} and ${right}`, offset)
  }

  function reportUnsupported(what: string, offset: number): undefined {
    return report('condition_unsupported', `Cannot use ${what}: conditions do not support this part of CEL`, offset)
  }

  const callContext: Call = {
    check,
    report,
    unsupported: reportUnsupported,
    resolve: (node, variables) => {
      const chain = readChain(node)
      const isVariable = variables.some((variable) => variable.name === chain?.root)
      return chain === undefined || isVariable ? undefined : resolveChain(chain, node, scope, source)
    },
    reportResolved,
    source,
    loopsMax: CONDITION_LOOPS_MAX,
    patterns: new Map(),
    meter,
  }
  return check(root, [])
}

function isComparable(left: Type, right: Type, operator: BinaryOperator): boolean {
  if (operator === '==' || operator === '!=') {
    return findCommonType(left, right) !== undefined
  }
  return left === right && !isList(left)
}

function findCommonType(a: Type, b: Type): Type | undefined {
  if (a === b || (b === 'empty' && isList(a))) return a
  return a === 'empty' && isList(b) ? b : undefined
}
