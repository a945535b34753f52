// RE2's syntax, without what RE2 itself lacks (backreferences, look-around) and without Unicode classes, whose tables
// differ from host to host. Groups capture nothing and `*?` is `*`: only whether there is a match is asked.

import { PATTERN_DEPTH_MAX, PATTERN_REPEAT_MAX } from '../core/limits.ts'
import { parseBracket } from './bracket.ts'
import { type CodePoints, complementRanges, foldCase, PERL_CLASSES } from './code-points.ts'
import { readPatternEscape } from './escape.ts'
import { ASSERT } from './nfa-opcodes.ts'
import { PatternFault } from './pattern-fault.ts'

export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly ranges: CodePoints }
  | { readonly kind: 'assert'; readonly assertion: number }
  | { readonly kind: 'concat' | 'alternate'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly of: PatternNode; readonly min: number; readonly max: number | undefined }

interface Flags {
  readonly ignoresCase: boolean
  readonly isMultiline: boolean
  readonly dotMatchesNewline: boolean
}

const EMPTY: PatternNode = { kind: 'empty' }
const NEWLINE: CodePoints = [{ low: 0x0a, high: 0x0a }]
const ASSERTION_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['A', ASSERT.BEGIN_TEXT],
  ['z', ASSERT.END_TEXT],
  ['b', ASSERT.WORD_BOUNDARY],
  ['B', ASSERT.NOT_WORD_BOUNDARY],
])

/** Parses a pattern to its tree. Throws a PatternFault. */
export function parsePattern(text: string): PatternNode {
  const names = new Set<string>()
  let at = 0

  function fail(message: string, offset = at): never {
    throw new PatternFault('pattern_invalid', message, offset)
  }

  function parseAlternatives(flags: Flags, depth: number, isGroup: boolean): PatternNode {
    if (depth === 0) throw new PatternFault('pattern_too_large', `it nests deeper than ${PATTERN_DEPTH_MAX} groups`, at)
    const alternatives: PatternNode[] = []
    let items: PatternNode[] = []
    let current = flags
    // Whether a repetition may follow: it needs an item before it, and not one that was just repeated.
    let state: 'start' | 'item' | 'repeated' = 'start'
    for (;;) {
      const character = text[at]
      if (character === undefined || (character === ')' && isGroup)) break
      if (character === ')') fail('a ")" has no "("')
      if (character === '|') {
        at++
        alternatives.push(concat(items))
        items = []
        state = 'start'
        continue
      }
      const repetition = readRepetition()
      if (repetition !== undefined) {
        const of = items.pop()
        if (state === 'start' || of === undefined) fail('the repetition has nothing to repeat', repetition.offset)
        if (state === 'repeated') fail('a repetition follows a repetition: use a group', repetition.offset)
        items.push(repeat(of, repetition))
        state = 'repeated'
        continue
      }
      if (text.startsWith('(?', at)) {
        const group = readGroupStart(current)
        if (group.isFlagsOnly) {
          current = group.flags
          state = 'start'
          continue
        }
        items.push(parseGroup(group.flags, depth))
      } else if (character === '(') {
        at++
        items.push(parseGroup(current, depth))
      } else if (text.startsWith('\\Q', at)) {
        const quoted = readQuoted(current)
        items.push(...quoted)
        state = quoted.length > 0 ? 'item' : 'start'
        continue
      } else items.push(parseAtom(current))
      state = 'item'
    }
    alternatives.push(concat(items))
    const [only] = alternatives
    return alternatives.length === 1 && only !== undefined ? only : { kind: 'alternate', items: alternatives }
  }

  function parseGroup(flags: Flags, depth: number): PatternNode {
    const start = at - 1
    const inner = parseAlternatives(flags, depth - 1, true)
    if (text[at] !== ')') fail('a "(" is not closed', start)
    at++
    return inner
  }

  /** After `(?`: a group, a name, or flags (for the rest of the group when `)` ends them). */
  function readGroupStart(flags: Flags): { readonly flags: Flags; readonly isFlagsOnly: boolean } {
    const start = at
    const rest = text.slice(at + 2, at + 4)
    if (rest[0] === '=' || rest[0] === '!' || rest === '<=' || rest === '<!') {
      fail('RE2 has no look-around: write what must match')
    }
    if (rest === 'P<' || rest[0] === '<') {
      at += rest === 'P<' ? 4 : 3
      readGroupName(start)
      return { flags, isFlagsOnly: false }
    }
    at += 2
    let changed = flags
    let isOn = true
    let isPending = false
    for (;;) {
      const character = text[at] ?? ''
      at++
      if (character === ':' || character === ')') {
        if (isPending) break
        return { flags: changed, isFlagsOnly: character === ')' }
      }
      if (character === '-' && isOn) {
        isOn = false
        isPending = true
        continue
      }
      isPending = false
      if (character === 'i') changed = { ...changed, ignoresCase: isOn }
      else if (character === 'm') changed = { ...changed, isMultiline: isOn }
      else if (character === 's') changed = { ...changed, dotMatchesNewline: isOn }
      // `U` swaps greedy and lazy, which does not change whether there is a match.
      else if (character !== 'U') break
    }
    return fail('RE2 does not support this kind of group', start)
  }

  function readGroupName(start: number): void {
    const end = text.indexOf('>', at)
    const name = end < 0 ? '' : text.slice(at, end)
    if (!/^[A-Za-z0-9_]+$/.test(name)) fail('a group name must be letters, digits and "_"', start)
    if (names.has(name)) fail('two groups have the same name', start)
    names.add(name)
    at = end + 1
  }

  function readQuoted(flags: Flags): readonly PatternNode[] {
    const close = text.indexOf('\\E', at + 2)
    const quoted = text.slice(at + 2, close < 0 ? text.length : close)
    const start = at
    at = close < 0 ? text.length : close + 2
    return Array.from(quoted, (character) => makeLiteral(character.codePointAt(0) ?? 0, flags, start))
  }

  function parseAtom(flags: Flags): PatternNode {
    const start = at
    const code = text.codePointAt(at) ?? 0
    const character = String.fromCodePoint(code)
    if (character === '[') {
      const bracket = parseBracket(text, at, flags.ignoresCase)
      at = bracket.end
      return { kind: 'set', ranges: bracket.ranges }
    }
    if (character === '\\') return parseEscape(flags)
    at += character.length
    if (character === '.') return { kind: 'set', ranges: complementRanges(flags.dotMatchesNewline ? [] : NEWLINE) }
    if (character === '^') return assert(flags.isMultiline ? ASSERT.BEGIN_LINE : ASSERT.BEGIN_TEXT)
    if (character === '$') return assert(flags.isMultiline ? ASSERT.END_LINE : ASSERT.END_TEXT)
    return makeLiteral(code, flags, start)
  }

  function parseEscape(flags: Flags): PatternNode {
    const start = at
    const kind = text[at + 1] ?? ''
    const assertion = ASSERTION_ESCAPES.get(kind)
    if (assertion !== undefined) {
      at += 2
      return assert(assertion)
    }
    const perl = PERL_CLASSES.get(kind.toLowerCase())
    if (perl !== undefined) {
      at += 2
      const ranges = flags.ignoresCase ? (foldCase(perl) ?? perl) : perl
      return { kind: 'set', ranges: kind === kind.toLowerCase() ? ranges : complementRanges(ranges) }
    }
    const escaped = readPatternEscape(text, at)
    at = escaped.end
    return makeLiteral(escaped.code, flags, start)
  }

  function makeLiteral(code: number, flags: Flags, start: number): PatternNode {
    const plain: CodePoints = [{ low: code, high: code }]
    if (!flags.ignoresCase) return { kind: 'set', ranges: plain }
    const ranges = foldCase(plain)
    if (ranges === undefined)
      fail('(?i) supports ASCII letters only: other case folding depends on the Unicode version', start)
    return { kind: 'set', ranges }
  }

  /** `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`, and each with a `?`; braces that are none of these are literal. */
  function readRepetition(): Repetition | undefined {
    const offset = at
    const simple = SIMPLE_REPETITIONS.get(text[at] ?? '')
    const counted = simple === undefined ? readCounts() : undefined
    if (simple === undefined && counted === undefined) return undefined
    if (simple !== undefined) at++
    if (text[at] === '?') at++
    const { min, max } = simple ?? counted ?? { min: 0, max: 0 }
    if (min > PATTERN_REPEAT_MAX || (max ?? 0) > PATTERN_REPEAT_MAX || (max !== undefined && min > max)) {
      fail(
        `a repetition may be at most {${PATTERN_REPEAT_MAX}}, and its lower bound must not exceed its upper bound`,
        offset,
      )
    }
    return { min, max, offset }
  }

  function readCounts(): { readonly min: number; readonly max: number | undefined } | undefined {
    COUNTS.lastIndex = at
    const match = COUNTS.exec(text)
    if (match === null) return undefined
    at = COUNTS.lastIndex
    const min = Number(match[1])
    if (match[2] === undefined) return { min, max: min }
    return { min, max: match[3] === undefined || match[3] === '' ? undefined : Number(match[3]) }
  }

  /** RE2 bounds the product of nested repetitions, so that `(a{1000}){1000}` is refused, not built. */
  function repeat(of: PatternNode, { min, max, offset }: Repetition): PatternNode {
    const node: PatternNode = { kind: 'repeat', of, min, max }
    if ((min >= 2 || (max ?? 0) >= 2) && countRepetitions(node) > PATTERN_REPEAT_MAX) {
      fail(`nested repetitions multiply to more than ${PATTERN_REPEAT_MAX}`, offset)
    }
    return node
  }

  return parseAlternatives(
    { ignoresCase: false, isMultiline: false, dotMatchesNewline: false },
    PATTERN_DEPTH_MAX,
    false,
  )
}

interface Repetition {
  readonly min: number
  readonly max: number | undefined
  readonly offset: number
}

// RE2 reads a count with a leading zero as literal characters.
const COUNTS = /\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/y

const SIMPLE_REPETITIONS: ReadonlyMap<string, { readonly min: number; readonly max: number | undefined }> = new Map([
  ['*', { min: 0, max: undefined }],
  ['+', { min: 1, max: undefined }],
  ['?', { min: 0, max: 1 }],
])

function assert(assertion: number): PatternNode {
  return { kind: 'assert', assertion }
}

function concat(items: readonly PatternNode[]): PatternNode {
  const [only] = items
  if (only === undefined) return EMPTY
  return items.length === 1 ? only : { kind: 'concat', items }
}

/** Counts the copies that a node makes of its innermost item. */
function countRepetitions(node: PatternNode): number {
  if (node.kind === 'concat' || node.kind === 'alternate') return Math.max(1, ...node.items.map(countRepetitions))
  if (node.kind !== 'repeat') return 1
  return Math.max(1, node.max ?? node.min) * countRepetitions(node.of)
}
