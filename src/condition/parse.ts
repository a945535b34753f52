// The grammar of CEL for the part that we have, by recursive descent. Precedence and associativity are CEL's
// (specification, "Syntax"): `?:`, `||`, `&&`, comparisons and `in`, `+`, `!`, members.
import { CONDITION_DEPTH_MAX, CONDITION_MAX_LENGTH, CONDITION_NODES_MAX } from '../core/limits.ts'
import { lex, type Token } from './lex.ts'
import { type BinaryOperator, failSyntax, failUnsupported, type Node, SyntaxFault } from './syntax.ts'

/** CEL's reserved words: no name of a variable, though a field may be called so (`k8s_token.namespace`). */
const RESERVED = new Set(
  `as break const continue else for function if import let loop package namespace return var void while`.split(' '),
)

const KEYWORDS = new Set(['true', 'false', 'null', 'in'])

const COMPARISONS: ReadonlySet<string> = new Set<BinaryOperator>(['==', '!=', '<', '<=', '>', '>=', 'in'])
const INT_MIN = -(2n ** 63n)
const INT_MAX = 2n ** 63n - 1n

export type Parsed = { readonly ok: true; readonly node: Node } | { readonly ok: false; readonly fault: SyntaxFault }

/** The tree of `text`, or its first fault. */
export function parseExpression(text: string): Parsed {
  try {
    if (text.length > CONDITION_MAX_LENGTH) failTooLarge(`it is longer than ${CONDITION_MAX_LENGTH} characters`, 0)
    return { ok: true, node: parseTokens(lex(text)) }
  } catch (error) {
    if (error instanceof SyntaxFault) return { ok: false, fault: error }
    throw error
  }
}

function failTooLarge(why: string, offset: number): never {
  throw new SyntaxFault('condition_too_large', `Cannot compile the expression: ${why}`, offset)
}

function parseTokens(tokens: readonly Token[]): Node {
  const end: Token = tokens.at(-1) ?? { kind: 'end', value: '', start: 0, end: 0 }
  let at = 0
  let nodes = 0

  function peek(): Token {
    return tokens[at] ?? end
  }

  function isSymbol(value: string): boolean {
    const token = peek()
    return token.kind === 'symbol' && token.value === value
  }

  function take(): Token {
    const token = peek()
    at++
    return token
  }

  function accept(value: string): boolean {
    if (!isSymbol(value)) return false
    at++
    return true
  }

  function expect(value: string, why: string): Token {
    return isSymbol(value) ? take() : failUnexpected(`expected "${value}" ${why}`)
  }

  function failUnexpected(wanted: string): never {
    const token = peek()
    const found = token.kind === 'end' ? 'the expression ends' : `"${token.value}" is found`
    return failSyntax(`Cannot parse the expression: ${found} here; ${wanted}`, token.start)
  }

  function make(node: Node): Node {
    nodes++
    if (nodes > CONDITION_NODES_MAX) failTooLarge(`it has more than ${CONDITION_NODES_MAX} parts`, node.start)
    return node
  }

  function makeBinary(operator: Token, left: Node, right: Node): Node {
    const span = { start: left.start, end: right.end, offset: operator.start }
    return make({ kind: 'binary', operator: operator.value as BinaryOperator, left, right, ...span })
  }

  function parseConditional(depth: number): Node {
    if (depth === 0) failTooLarge(`it nests deeper than ${CONDITION_DEPTH_MAX} levels`, peek().start)
    const test = parseOr(depth)
    if (!isSymbol('?')) return test
    const mark = take()
    const whenTrue = parseOr(depth - 1)
    expect(':', 'between the two values of "?"')
    const whenFalse = parseConditional(depth - 1)
    const span = { start: test.start, end: whenFalse.end, offset: mark.start }
    return make({ kind: 'conditional', test, whenTrue, whenFalse, ...span })
  }

  function parseOr(depth: number): Node {
    if (depth === 0) failTooLarge(`it nests deeper than ${CONDITION_DEPTH_MAX} levels`, peek().start)
    let left = parseAnd(depth)
    while (isSymbol('||')) left = makeBinary(take(), left, parseAnd(depth))
    return left
  }

  function parseAnd(depth: number): Node {
    let left = parseComparison(depth)
    while (isSymbol('&&')) left = makeBinary(take(), left, parseComparison(depth))
    return left
  }

  function parseComparison(depth: number): Node {
    let left = parseSum(depth)
    for (;;) {
      const token = peek()
      const isOperator = token.kind === 'symbol' || (token.kind === 'name' && token.value === 'in')
      if (!isOperator || !COMPARISONS.has(token.value)) return left
      left = makeBinary(take(), left, parseSum(depth))
    }
  }

  function parseSum(depth: number): Node {
    let left = parseUnary(depth)
    for (;;) {
      if (isSymbol('-')) failUnsupported('the operator "-"', peek().start)
      if (!isSymbol('+')) return left
      left = makeBinary(take(), left, parseUnary(depth))
    }
  }

  function parseUnary(depth: number): Node {
    if (isSymbol('!')) {
      if (depth === 1) failTooLarge(`it nests deeper than ${CONDITION_DEPTH_MAX} levels`, peek().start)
      const mark = take()
      const of = parseUnary(depth - 1)
      return make({ kind: 'not', of, start: mark.start, end: of.end, offset: mark.start })
    }
    if (isSymbol('-')) {
      const mark = take()
      if (peek().kind !== 'int') failUnsupported('the operator "-", other than before a number', mark.start)
      return parseMembers(parseInt64(mark.start, take(), true), depth)
    }
    return parseMembers(parsePrimary(depth), depth)
  }

  function parseInt64(start: number, token: Token, isNegative: boolean): Node {
    const value = isNegative ? -BigInt(token.value) : BigInt(token.value)
    if (value < INT_MIN || value > INT_MAX) failSyntax('Cannot read the number: it does not fit 64 bits', start)
    return make({ kind: 'int', value, start, end: token.end, offset: start })
  }

  function parseMembers(primary: Node, depth: number): Node {
    let node = primary
    for (;;) {
      if (accept('.')) node = parseMember(node, depth)
      else if (isSymbol('[')) {
        const bracket = take()
        const key = parseConditional(depth - 1)
        const close = expect(']', 'after the key')
        node = make({ kind: 'index', of: node, key, start: node.start, end: close.end, offset: bracket.start })
      } else return node
    }
  }

  function parseMember(of: Node, depth: number): Node {
    const token = peek()
    if (token.kind !== 'name' || KEYWORDS.has(token.value)) {
      failUnexpected('expected the name of a field or a function after "."')
    }
    at++
    if (!accept('(')) {
      return make({ kind: 'field', of, name: token.value, start: of.start, end: token.end, offset: token.start })
    }
    const { args, end: close } = parseItems(')', depth)
    const span = { start: of.start, end: close, offset: token.start }
    return make({ kind: 'call', name: token.value, receiver: of, args, ...span })
  }

  function parseItems(closing: string, depth: number): { readonly args: readonly Node[]; readonly end: number } {
    const args: Node[] = []
    while (!isSymbol(closing)) {
      args.push(parseConditional(depth - 1))
      if (!accept(',')) break
      // CEL allows a comma after the last item of a list, not after the last argument.
      if (closing === ')' && isSymbol(')')) failUnexpected('expected another argument')
    }
    return { args, end: expect(closing, 'or ","').end }
  }

  function parsePrimary(depth: number): Node {
    const token = peek()
    const isStart = token.kind !== 'symbol' || token.value === '(' || token.value === '[' || token.value === '.'
    if (token.kind === 'end' || !isStart) failUnexpected('expected a value')
    at++
    const span = { start: token.start, end: token.end, offset: token.start }
    if (token.kind === 'text') return make({ kind: 'text', value: token.value, ...span })
    if (token.kind === 'int') return parseInt64(token.start, token, false)
    if (token.kind === 'name') return parseName(token, depth)
    if (token.value === '.') failUnsupported('a name with a leading "."', token.start)
    if (token.value === '(') {
      const inner = parseConditional(depth - 1)
      const close = expect(')', 'to close the parenthesis')
      return { ...inner, start: token.start, end: close.end }
    }
    const { args, end: close } = parseItems(']', depth)
    return make({ kind: 'list', items: args, start: token.start, end: close, offset: token.start })
  }

  function parseName(token: Token, depth: number): Node {
    const span = { start: token.start, end: token.end, offset: token.start }
    const name = token.value
    if (name === 'true' || name === 'false') return make({ kind: 'bool', value: name === 'true', ...span })
    if (name === 'null') failUnsupported('null', token.start)
    if (name === 'in' || RESERVED.has(name)) failSyntax(`Cannot use "${name}" as a name: CEL reserves it`, token.start)
    if (!accept('(')) return make({ kind: 'name', name, ...span })
    const { args, end: close } = parseItems(')', depth)
    return make({ kind: 'call', name, receiver: undefined, args, start: token.start, end: close, offset: token.start })
  }

  // The expression itself does not count as a level of nesting.
  const node = parseConditional(CONDITION_DEPTH_MAX + 1)
  if (peek().kind !== 'end') failUnexpected('expected an operator or the end')
  return node
}
