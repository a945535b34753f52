import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import {
  CONDITION_ATTRIBUTES_MAX,
  CONDITION_DEPTH_MAX,
  CONDITION_LOOPS_MAX,
  CONDITION_MAX_LENGTH,
  CONDITION_NODES_MAX,
  CONDITION_PATTERNS_MAX,
  PATTERN_MAX_LENGTH,
} from '../../src/core/limits.ts'
import { issuesOf } from './policy-vm.ts'

const NS = 'k8s_token.namespace'

function messageOf(text: string): string | undefined {
  return compileCondition(text, createCatalogueScope(), []).issues[0]?.message
}

describe('a condition that compiles', () => {
  it('tells what it reads, and a bound on its fuel', () => {
    const text = 'k8s_token.namespace == "a" && k8s_token.issuer.startsWith("b") && k8s_token.namespace != "c"'
    const { condition, issues } = compileCondition(text, createCatalogueScope(), ['spec', 'when'])
    expect(issues).toEqual([])
    expect(condition).toMatchObject({ text, attributes: [NS, 'k8s_token.issuer'], fuelBound: 14 })
  })

  it('has no bound on its fuel where the number of values decides', () => {
    const { condition } = compileCondition('ssh_pop.principal.all(p, p == "a")', createCatalogueScope(), [])
    expect(condition?.fuelBound).toBeUndefined()
  })

  it('puts the path of the document into its issues', () => {
    const { condition, issues } = compileCondition('nope', createCatalogueScope(), ['spec', 0])
    expect(condition).toBeUndefined()
    expect(issues).toMatchObject([{ code: 'attribute_unknown', path: ['spec', 0], offset: 0 }])
  })

  it('may not use what its scope forbids', () => {
    const scope = createCatalogueScope((row) => (row.side === 'agent' ? undefined : `Cannot use "${row.name}" here`))
    expect(compileCondition('kubernetes.pod.name == "x"', scope, []).issues).toMatchObject([
      { code: 'attribute_surface_forbidden', offset: 0 },
    ])
    expect(compileCondition('k8s_token.namespace == "x"', scope, []).issues).toEqual([])
  })
})

describe('syntax', () => {
  it.each([
    ['nothing', '', 0],
    ['an operator without a value', `${NS} ==`, 22],
    ['two values in a row', 'true true', 5],
    ['an operator at the very end', '1 <', 3],
    ['a parenthesis that is not closed', '(true', 5],
    ['a parenthesis too many', 'true)', 4],
    ['a string that is not closed', '"a', 0],
    ['a line break in a string', '"a\nb"', 2],
    ['an unknown escape', '"\\q"', 1],
    ['a surrogate', '"\\ud800"', 1],
    ['half a character', '"\ud800"', 0],
    ['a code point beyond Unicode', '"\\U00110000"', 1],
    ['an octal escape beyond a byte', '"\\400"', 1],
    ['a single &', 'true & true', 5],
    ['a single =', `${NS} = "x"`, 20],
    ['a reserved name', 'namespace == "x"', 0],
    ['an integer over 64 bits', '9223372036854775808 > 0', 0],
    ['a leading zero', '010 == 8', 0],
    ['a number that runs into a name', '1a == 1', 0],
    ['has() of an index', 'has(kubernetes.pod.label["a"])', 0],
    ['has() of a bare name', 'has(k8s_token)', 0],
    ['a trailing comma in a call', 'size("a",) == 1', 9],
    ['a loop without a name', 'ssh_pop.principal.all(1, true)', 22],
    ['an empty conditional', 'true ? : false', 7],
    ['a comma in a list without items', '[,] == []', 1],
    ['a strange character', 'true § false', 5],
  ])('refuses %s, with its place', (_what, text, offset) => {
    expect(issuesOf(text)).toEqual([`condition_syntax@${offset}`])
  })

  it('tells how to write a guard that CEL would not take', () => {
    expect(messageOf('has(kubernetes.pod.label["a/b"])')).toBe(
      'Cannot use has() on an index: write "a/b" in kubernetes.pod.label',
    )
  })
})

describe('types', () => {
  it.each([
    ['a string and an int', `${NS} == 1`, 20],
    ['an order of two types', `${NS} < 1`, 20],
    ['a string where a bool belongs', `${NS} && true`, 20],
    ['a negated string', `!${NS}`, 0],
    ['a sum of two types', `${NS} + 1 == "a1"`, 20],
    ['an order of lists', '[1] < [2]', 4],
    ['in on a string', `"a" in ${NS}`, 4],
    ['an int in strings', '1 in ["a"]', 2],
    ['an int as a map key', '1 in kubernetes.pod.label', 2],
    ['a condition that is a string', NS, 0],
    ['a condition that is an int', '1 + 1', 0],
    ['values of two types', 'true ? 1 == 1 : "a"', 5],
    ['a choice by a string', `${NS} ? true : false`, 20],
    ['startsWith of an int', `${NS}.startsWith(1)`, 20],
    ['startsWith without an argument', `${NS}.startsWith()`, 20],
    ['startsWith of nothing', 'startsWith("a", "b")', 0],
    ['matches of an int', '1.matches("a")', 2],
    ['size of an int', 'size(1) == 1', 0],
    ['contains on a list', 'ssh_pop.principal.contains("a")', 18],
    ['a loop over a string', `${NS}.all(c, true)`, 20],
    ['a loop with a string for a body', 'ssh_pop.principal.all(p, p)', 18],
    ['a field of a variable', 'ssh_pop.principal.all(p, p.x == "a")', 25],
    ['a field of a value', '"a".b == "c"', 4],
    ['a function that does not exist', `${NS}.startWith("a")`, 20],
  ])('refuses %s, with its place', (_what, text, offset) => {
    expect(issuesOf(text)).toEqual([`condition_type@${offset}`])
  })

  it('proposes the nearest function', () => {
    expect(messageOf(`${NS}.startWith("a")`)).toContain('did you mean "startsWith"?')
  })

  it('lists every issue at once', () => {
    expect(issuesOf(`${NS} == 1 && k8s_token.nmespace == "x" || ${NS}.matches("(")`)).toEqual([
      'condition_type@20',
      'attribute_unknown@28',
      'pattern_invalid@86',
    ])
  })
})

describe('what CEL has and conditions do not is named', () => {
  it.each([
    ['a floating-point number', '1.5 > 1.0', 0],
    ['a floating-point number', '1e3 > 1', 0],
    ['a floating-point number', '.5 > 1', 0],
    ['an unsigned integer', '1u == 1u', 0],
    ['bytes', 'b"a" == b"a"', 0],
    ['null', 'null == null', 0],
    ['the operator "-"', '2 - 1 == 1', 2],
    ['the operator "-", other than before a number', `-(1) == 1`, 0],
    ['the operator "*"', '2 * 1 == 2', 2],
    ['the operator "/"', '2 / 1 == 2', 2],
    ['the operator "%"', '2 % 1 == 0', 2],
    ['a map or message literal', '{"a": 1} == {}', 0],
    ['a quoted field name', 'k8s_token.`namespace` == "a"', 10],
    ['optional values', 'k8s_token.?namespace == "a"'.replace('.?', '?.'), 9],
    ['a name with a leading "."', `.${NS} == "a"`, 0],
    ['map()', 'ssh_pop.principal.map(p, p) == []', 18],
    ['filter()', 'ssh_pop.principal.filter(p, true) == []', 18],
    ['type()', 'type(1) == "int"', 0],
    ['string()', 'string(1) == "1"', 0],
    ['lowerAscii()', `${NS}.lowerAscii() == "a"`, 20],
    ['all() with two variables', 'ssh_pop.principal.all(i, p, true)', 18],
    ['a list index', 'ssh_pop.principal[0] == "a"', 18],
    ['a map key that is not a string literal', `kubernetes.pod.label[${NS}] == "a"`, 21],
    ['a map key that is not a string literal', `${NS} in kubernetes.pod.label`, 0],
    ['a list of mixed types', '[1, "a"] == []', 4],
    ['a list of lists', '[[1]] == []', 0],
    ['"+" on lists', '[1] + [2] == [1, 2]', 4],
    ['a pattern that is not a string literal', `"a".matches(${NS})`, 12],
    ['a loop over an empty list', '[].all(x, true)', 3],
    ['has() on a field behind a map key', 'has(kubernetes.pod.container["main"].image.name)', 0],
    ['an index on this value', '"abc"[0] == "a"', 5],
  ])('%s', (what, text, offset) => {
    expect(issuesOf(text)).toEqual([`condition_unsupported@${offset}`])
    expect(messageOf(text)).toBe(`Cannot use ${what}: conditions do not support this part of CEL`)
  })
})

describe('attributes', () => {
  it.each([
    ['kubernetes.pod.lable["app"] == "x"', 'did you mean kubernetes.pod.label["app"]?'],
    ['k8s_token.nmespace == "x"', 'did you mean k8s_token.namespace?'],
    ['kubernetes.pod.label == "x"', 'it is a map; name a key'],
    ['kubernetes.pod.label["a"].b == "x"', 'unknown attribute'],
    // The catalogue reads this as the key "app.io"; CEL would select a field of a string.
    ['kubernetes.pod.label.app.io == "x"', 'unknown attribute'],
    ['"x" in kubernetes.pod.lables', 'unknown attribute'],
    ['__proto__.constructor == "x"', 'unknown attribute'],
  ])('%s is unknown', (text, message) => {
    expect(issuesOf(text)).toEqual([`attribute_unknown@${text.startsWith('"x" in') ? 7 : 0}`])
    expect(messageOf(text)).toContain(message)
  })
})

describe('the limits of a condition', () => {
  const long = (length: number): string => `"${'a'.repeat(length - 9)}" != ""`.padEnd(length, ' ')

  it.each([
    ['characters', (count: number) => long(count), CONDITION_MAX_LENGTH],
    ['levels of parentheses', (count: number) => `${'('.repeat(count)}true${')'.repeat(count)}`, CONDITION_DEPTH_MAX],
    ['negations', (count: number) => `${'!'.repeat(count)}true`, CONDITION_DEPTH_MAX],
    [
      'calls within calls',
      (count: number) => `${'("a" + '.repeat(count)}"b"${')'.repeat(count)} == "c"`,
      CONDITION_DEPTH_MAX,
    ],
    [
      'conditionals within conditionals',
      (count: number) => `${'true ? true : '.repeat(count)}false`,
      CONDITION_DEPTH_MAX,
    ],
    // `[true,…].all(x, x)` has a name, a variable, a list and a call beside its items.
    [
      'parts',
      (count: number) =>
        `[${Array(count - 4)
          .fill('true')
          .join()}].all(x, x)`,
      CONDITION_NODES_MAX,
    ],
    [
      'attributes',
      (count: number) => Array.from({ length: count }, (_, index) => `"${index}" in kubernetes.pod.label`).join('||'),
      CONDITION_ATTRIBUTES_MAX,
    ],
    [
      'loops in loops',
      (count: number) => `${'[1].all(x, '.repeat(count)}true${')'.repeat(count)}`,
      CONDITION_LOOPS_MAX,
    ],
  ])('takes the most %s, and not one more', (_what, make, most) => {
    expect(issuesOf(make(most))).toEqual([])
    expect(issuesOf(make(most + 1)).map((issue) => issue.split('@')[0])).toEqual(['condition_too_large'])
  })

  it('takes a pattern of the most characters, and not one more', () => {
    const matches = (length: number): string => `"a".matches("${'a'.repeat(length)}")`
    expect(issuesOf(matches(PATTERN_MAX_LENGTH))).toEqual([])
    expect(issuesOf(matches(PATTERN_MAX_LENGTH + 1))).toEqual(['pattern_too_large@12'])
  })

  it('takes the most patterns, and not one more, but the same one again', () => {
    const matches = (count: number): string =>
      Array.from({ length: count }, (_, index) => `"a".matches("a${index}")`).join(' || ')
    expect(issuesOf(matches(CONDITION_PATTERNS_MAX))).toEqual([])
    expect(issuesOf(`${matches(CONDITION_PATTERNS_MAX)} || "b".matches("a0")`)).toEqual([])
    const [issue, ...rest] = issuesOf(matches(CONDITION_PATTERNS_MAX + 1))
    expect(issue).toMatch('condition_too_large@')
    expect(rest).toEqual([])
  })

  it('takes patterns that fit the program together, and no more', () => {
    const matches = (count: number): string =>
      Array.from({ length: count }, (_, index) => `"a".matches("^(a|b)*a(a|b){${index + 12}}[^x]{0,140}c")`).join(
        ' || ',
      )
    expect(issuesOf(matches(4))).toEqual([])
    expect(issuesOf(matches(8))).toEqual(['condition_too_large@0'])
  })
})
