// Makes well-typed conditions and attributes from a source of choices: fast-check's, which shrinks, or a seeded one,
// which is the same on every host.
import type { Attributes, AttributeValue } from '../../src/attribute/attribute.ts'
import type { ConditionScope } from '../../src/condition/scope.ts'
import type { Infix, Term } from './term.ts'

/** A whole number from 0 up to but not including `count`. */
export type Choose = (count: number) => number

type Kind = 'text' | 'int' | 'bool' | 'texts' | 'ints'

interface Variable {
  readonly name: string
  readonly kind: 'text' | 'int'
}

const TEXTS = ['t.one', 't.two', 't.namespace']
const INTS = ['n.one', 'n.two']
const LISTS = ['l.one', 'l.two']
const KEYS = ['a', 'b/c.d', 'é']
const CHARACTERS = [
  'a',
  'b',
  'c',
  'A',
  'B',
  '-',
  '.',
  '/',
  '0',
  '9',
  '_',
  ' ',
  '\n',
  'é',
  'K',
  'ſ',
  '\uffee',
  '😀',
  '"',
  "'",
  '\\',
]
const INT_VALUES = [0n, 1n, -1n, 2n, 3n, 7n, 10n, 2n ** 53n - 1n, -(2n ** 53n) + 1n]
const INT_EXTREMES = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 62n]

/** The attributes that generated conditions may name. */
export const scope: ConditionScope = {
  resolve(text) {
    if (TEXTS.includes(text)) return { name: text, row: { type: 'text', optional: true } }
    if (INTS.includes(text)) return { name: text, row: { type: 'int', optional: true } }
    if (LISTS.includes(text)) return { name: text, row: { type: 'text', many: true, optional: true } }
    const key = text.startsWith('m.label[') && text.endsWith(']') ? text.slice(8, -1) : undefined
    if (key !== undefined) return { name: text, key, row: { type: 'text', optional: true } }
    return text === 'm.label.a' ? { name: 'm.label[a]', key: 'a', row: { type: 'text', optional: true } } : undefined
  },
  suggest: () => undefined,
}

function pick<T>(items: readonly T[], choose: Choose): T {
  return items[choose(items.length)] as T
}

export function generateText(choose: Choose, lengthMax = 6): string {
  return Array.from({ length: choose(lengthMax + 1) }, () => pick(CHARACTERS, choose)).join('')
}

export function generateAttributes(choose: Choose): Attributes {
  const attributes = new Map<string, AttributeValue>()
  const longest = choose(8) === 0 ? 100 : 6
  for (const name of [...TEXTS, ...KEYS.map((key) => `m.label[${key}]`)]) {
    if (choose(4) > 0) attributes.set(name, generateText(choose, longest))
  }
  for (const name of INTS) if (choose(4) > 0) attributes.set(name, Number(pick(INT_VALUES, choose)))
  for (const name of LISTS) {
    if (choose(4) > 0)
      attributes.set(
        name,
        Array.from({ length: choose(5) }, () => generateText(choose, 3)),
      )
  }
  return attributes
}

/** One of CEL's spellings of a text. */
export function spell(value: string, choose: Choose): string {
  const isRawable = !/["\n\r]/.test(value)
  if (isRawable && choose(4) === 0) return `r"${value}"`
  const quote = pick(['"', "'", '"""', "'''"], choose)
  let spelling = ''
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    const isSpecial = character === '\\' || character === quote[0] || (code < 0x20 && quote.length === 1)
    const style = choose(8)
    if (style === 0) spelling += `\\U${code.toString(16).padStart(8, '0')}`
    else if (style === 1 && code < 0x10000) spelling += `\\u${code.toString(16).padStart(4, '0')}`
    else if (style === 2 && code < 0x100) spelling += `\\x${code.toString(16).padStart(2, '0')}`
    else if (style === 3 && code < 0x100) spelling += `\\${code.toString(8).padStart(3, '0')}`
    else if (character === '\n') spelling += quote.length === 3 && choose(2) === 0 ? '\n' : '\\n'
    else spelling += isSpecial ? `\\${character}` : character
  }
  return `${quote}${spelling}${quote}`
}

/** A pattern of RE2 over the same characters; now and then an invalid one. */
export function generatePattern(choose: Choose, depth = 3): string {
  const atom = (): string => {
    switch (choose(depth > 0 ? 14 : 9)) {
      case 0:
        return '.'
      case 1:
        return pick(['[abc]', '[^a]', '[a-c0-9]', '[é-😀]', '[^\\n-]', '[[:alpha:]_]', '[\\w.]', '[^\\d\\s]'], choose)
      case 2:
        return pick(['\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '\\.', '\\n', '\\x41', '\\x{e9}', '\\Qa.b\\E'], choose)
      case 3:
        return pick(['^', '$', '\\A', '\\z', '\\b', '\\B'], choose)
      case 4:
      case 5:
      case 6:
      case 7:
      case 8: {
        const character = pick(CHARACTERS, choose)
        return '.\\/'.includes(character) ? `\\${character}` : character
      }
      case 9:
      case 10:
        return `(${generatePattern(choose, depth - 1)})`
      case 11:
        return `(?:${generatePattern(choose, depth - 1)})`
      case 12:
        return `(?${pick(['i', 's', 'm', 'im', '-s', 'U'], choose)}:${generatePattern(choose, depth - 1)})`
      default:
        return `(${generatePattern(choose, depth - 1)}|${generatePattern(choose, depth - 1)})`
    }
  }
  const repetition = (): string =>
    choose(3) > 0 ? '' : pick(['*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}', '*?', '+?'], choose)
  const items = Array.from({ length: 1 + choose(3) }, () => atom() + repetition()).join('')
  return depth > 0 && choose(6) === 0 ? `${items}|${generatePattern(choose, depth - 1)}` : items
}

/** Whether `pattern` may be used: the generator of conditions leaves out what is refused. */
export type IsPattern = (pattern: string) => boolean

export function generateCondition(choose: Choose, isPattern: IsPattern): Term {
  const boolean = (depth: number, scope: readonly Variable[]): Term => generate('bool', depth, scope)

  function generate(kind: Kind, depth: number, variables: readonly Variable[]): Term {
    if (depth <= 0 || choose(5) === 0) return leaf(kind, variables)
    if (choose(8) === 0) {
      const test = boolean(depth - 1, variables)
      return {
        kind: 'conditional',
        test,
        yes: generate(kind, depth - 1, variables),
        no: generate(kind, depth - 1, variables),
      }
    }
    switch (kind) {
      case 'bool':
        return generateBool(depth - 1, variables)
      case 'text':
        return infix('+', generate('text', depth - 1, variables), generate('text', depth - 1, variables))
      case 'int':
        if (choose(2) === 0) {
          const of = generate(pick(['text', 'texts', 'ints'], choose), depth - 1, variables)
          return { kind: 'size', of, isMethod: choose(2) === 0 }
        }
        return infix('+', generate('int', depth - 1, variables), generate('int', depth - 1, variables))
      default: {
        const element = kind === 'texts' ? 'text' : 'int'
        return {
          kind: 'list',
          items: Array.from({ length: 1 + choose(3) }, () => generate(element, depth - 1, variables)),
        }
      }
    }
  }

  function generateBool(depth: number, variables: readonly Variable[]): Term {
    switch (choose(12)) {
      case 0:
      case 1:
        return infix('&&', boolean(depth, variables), boolean(depth, variables))
      case 2:
      case 3:
        return infix('||', boolean(depth, variables), boolean(depth, variables))
      case 4:
        return { kind: 'not', of: boolean(depth, variables) }
      case 5: {
        const kind = pick<Kind>(['text', 'int', 'bool', 'texts', 'ints'], choose)
        return infix(pick(['==', '!='], choose), generate(kind, depth, variables), generate(kind, depth, variables))
      }
      case 6: {
        const kind = pick<Kind>(['text', 'int', 'bool'], choose)
        const operator = pick<Infix>(['<', '<=', '>', '>='], choose)
        return infix(operator, generate(kind, depth, variables), generate(kind, depth, variables))
      }
      case 7: {
        const kind = pick(['text', 'int'] as const, choose)
        return infix(
          'in',
          generate(kind, depth, variables),
          generate(kind === 'text' ? 'texts' : 'ints', depth, variables),
        )
      }
      case 8:
        return {
          kind: 'method',
          name: pick(['startsWith', 'endsWith', 'contains'] as const, choose),
          of: generate('text', depth, variables),
          part: generate('text', depth, variables),
        }
      case 9: {
        const of = generate('text', depth, variables)
        const pattern = generatePattern(choose, 2)
        const usable = isPattern(pattern) ? pattern : 'a'
        return { kind: 'matches', of, pattern: usable, spelling: spell(usable, choose) }
      }
      default: {
        if (variables.length >= 3) return leaf('bool', variables)
        const kind = pick(['text', 'int'] as const, choose)
        const variable = { name: pick(['x', 'y', 'z'], choose), kind }
        return {
          kind: 'loop',
          name: pick(['all', 'exists', 'exists_one'] as const, choose),
          range: generate(kind === 'text' ? 'texts' : 'ints', depth, variables),
          variable: variable.name,
          body: boolean(depth, [...variables.filter((each) => each.name !== variable.name), variable]),
        }
      }
    }
  }

  function leaf(kind: Kind, variables: readonly Variable[]): Term {
    const usable = variables.filter((variable) => variable.kind === kind)
    if (usable.length > 0 && choose(2) === 0) return { kind: 'variable', name: pick(usable, choose).name }
    switch (kind) {
      case 'bool':
        if (choose(3) === 0) return presence()
        return literal(choose(2) === 0)
      case 'text': {
        if (choose(3) === 0) return literal(generateText(choose, choose(20) === 0 ? 60 : 4))
        if (choose(3) === 0) return entry(pick(KEYS, choose))
        return attribute(pick(TEXTS, choose))
      }
      case 'int':
        if (choose(2) === 0) return attribute(pick(INTS, choose))
        return literal(choose(4) === 0 ? pick(INT_EXTREMES, choose) : pick(INT_VALUES, choose))
      case 'texts':
        return choose(2) === 0 ? attribute(pick(LISTS, choose)) : literals(() => generateText(choose, 3))
      case 'ints':
        return literals(() => pick(INT_VALUES, choose))
    }
  }

  function presence(): Term {
    const key = pick(KEYS, choose)
    const name = pick([...TEXTS, ...INTS, ...LISTS], choose)
    if (choose(2) === 0) return { kind: 'has', name, spelling: name }
    if (key === 'a' && choose(2) === 0) return { kind: 'has', name: 'm.label[a]', spelling: 'm.label.a' }
    return { kind: 'entry', name: `m.label[${key}]`, key: spell(key, choose), map: 'm.label' }
  }

  function attribute(name: string): Term {
    return { kind: 'attribute', name, spelling: name }
  }

  function entry(key: string): Term {
    const spelling = key === 'a' && choose(2) === 0 ? 'm.label.a' : `m.label[${spell(key, choose)}]`
    return { kind: 'attribute', name: `m.label[${key}]`, spelling }
  }

  function literals(make: () => string | bigint): Term {
    return { kind: 'list', items: Array.from({ length: 1 + choose(3) }, () => literal(make())) }
  }

  function literal(value: string | bigint | boolean): Term {
    const spelling = typeof value === 'string' ? spell(value, choose) : String(value)
    return { kind: 'literal', value, spelling }
  }

  return boolean(4, [])
}

function infix(operator: Infix, left: Term, right: Term): Term {
  return { kind: 'infix', operator, left, right }
}
