import { describe, expect, it } from 'vitest'
import { answer, evaluate } from './policy-vm.ts'

// The baseline: an agent whose node, pod and labels are known. What is not here is absent.
const ATTRIBUTES = {
  'k8s_token.namespace': 'spirl-system',
  'k8s_token.service_account.name': 'agent',
  'k8s_token.node.name': 'ip-10-0-0-1',
  'kubernetes.pod.image_count': 2,
  'kubernetes.pod.label[app]': 'web',
  'kubernetes.pod.label[app.kubernetes.io/name]': 'shop',
  'kubernetes.pod.label[__proto__]': 'x',
  'kubernetes.pod.container[main].image.name': 'unused',
  'kubernetes.pod.container.main.image.name': 'web:1',
  'ssh_pop.principal': ['a', 'b', 'é😀'],
}

/** An error, in CEL's sense: the pod's name is absent. */
const ERROR = 'k8s_token.pod.name == "x"'

function check(rows: readonly (readonly [string, string])[]): void {
  it.each(rows)('%s is %s', (text, expected) => {
    expect(answer(text, ATTRIBUTES)).toBe(expected)
  })
}

describe('logic absorbs errors as CEL does', () => {
  check([
    ['true && true', 'true'],
    ['true && false', 'false'],
    [`${ERROR} && false`, 'false'],
    [`false && ${ERROR}`, 'false'],
    [`${ERROR} && true`, 'no_such_key'],
    [`true && ${ERROR}`, 'no_such_key'],
    [`${ERROR} && ${ERROR}`, 'no_such_key'],
    [`${ERROR} || true`, 'true'],
    [`true || ${ERROR}`, 'true'],
    [`${ERROR} || false`, 'no_such_key'],
    [`false || ${ERROR}`, 'no_such_key'],
    [`!(${ERROR})`, 'no_such_key'],
    [`(${ERROR} || true) && (${ERROR} && false || true)`, 'true'],
    [`true ? true : ${ERROR}`, 'true'],
    [`false ? ${ERROR} : true`, 'true'],
    [`true ? ${ERROR} : true`, 'no_such_key'],
    [`(${ERROR}) ? true : true`, 'no_such_key'],
    [`(${ERROR}) == (${ERROR}) || true`, 'true'],
  ])

  it('tells of the left error where both sides fail', () => {
    expect(evaluate(`${ERROR} && k8s_token.pod.uid == "x"`, ATTRIBUTES)).toMatchObject({ kind: 'fault', offset: 0 })
  })
})

describe('precedence and associativity are those of CEL', () => {
  check([
    ['true || false && false', 'true'],
    ['(true || false) && false', 'false'],
    ['!false && false', 'false'],
    ['!(false && false)', 'true'],
    ['1 + 2 == 3', 'true'],
    ['1 + 1 + 1 == 3', 'true'],
    ['1 < 2 == true', 'true'],
    ['false ? true : true ? false : true', 'false'],
    ['true ? false : true || true', 'false'],
    ['"a" + "b" in ["ab"]', 'true'],
    ['!!true', 'true'],
  ])
})

describe('integers have 64 bits, and an overflow is an error', () => {
  check([
    ['9223372036854775807 == 0x7fffffffffffffff', 'true'],
    ['-9223372036854775808 < -9223372036854775807', 'true'],
    ['9223372036854775807 + 1 > 0', 'overflow'],
    ['-9223372036854775808 + -1 < 0', 'overflow'],
    ['9223372036854775807 + -1 == 9223372036854775806', 'true'],
    ['9007199254740993 == 9007199254740992', 'false'],
    ['9007199254740992 + 1 == 9007199254740993', 'true'],
    ['kubernetes.pod.image_count + 9223372036854775807 > 0 || true', 'true'],
    ['kubernetes.pod.image_count >= 2 && kubernetes.pod.image_count <= 2', 'true'],
  ])

  it.each([[Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER], [0], [-1], [2 ** 32], [-(2 ** 32) - 1]])(
    'reads the count %d exactly',
    (count) => {
      expect(answer(`kubernetes.pod.image_count == ${count}`, { 'kubernetes.pod.image_count': count })).toBe('true')
      expect(
        answer(`kubernetes.pod.image_count == ${count + (count > 0 ? -1 : 1)}`, {
          'kubernetes.pod.image_count': count,
        }),
      ).toBe('false')
    },
  )
})

describe('texts are sequences of code points', () => {
  check([
    ['"" < "a"', 'true'],
    ['"a" < "b" && "a" < "aa" && "B" < "a"', 'true'],
    // UTF-16 units would order these two the other way.
    ['"\\uffee" < "\\U0001F600"', 'true'],
    ['"é" == "e\\u0301"', 'false'],
    ['size("é😀") == 2 && "".size() == 0', 'true'],
    ['"é😀".startsWith("é") && "é😀".endsWith("😀") && "é😀".contains("")', 'true'],
    ['"abc".contains("abcd") || "abc".startsWith("b") || "abc".endsWith("b")', 'false'],
    ['"aabaabaaab".contains("aabaaab")', 'true'],
    ['"aabaabaabx".contains("aabaaab")', 'false'],
    ['k8s_token.namespace + "/" + k8s_token.service_account.name == "spirl-system/agent"', 'true'],
    ['false < true && !(true < true)', 'true'],
    ['matches(k8s_token.namespace, "^spirl")', 'true'],
  ])
})

describe('literals are those of CEL', () => {
  check([
    [`"a" == 'a' && """a""" == '''a'''`, 'true'],
    ['"\\x61\\141\\u0061\\U00000061" == "aaaa"', 'true'],
    ['"\\xe9" == "é" && "\\351" == "é"', 'true'],
    [`"\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\"\\'\\\`".size() == 12`, 'true'],
    [`r"\\d" == "\\\\d" && R'\\' == "\\\\"`, 'true'],
    ['"""a\r\nb""" == "a\\nb"', 'true'],
    [`'''it's''' == "it's"`, 'true'],
    ['[1, 2,] == [1, 2]', 'true'],
    ['0x10 == 16 && -0x10 == -16', 'true'],
    ['true // so much for that\n && true', 'true'],
    ['[] == [] && size([]) == 0 && !("a" in [])', 'true'],
  ])
})

describe('lists', () => {
  check([
    ['"b" in ssh_pop.principal', 'true'],
    ['"c" in ssh_pop.principal', 'false'],
    ['2 in [1, 2] && !(3 in [1, 2]) && true in [true]', 'true'],
    [`k8s_token.pod.name in ["x"]`, 'no_such_key'],
    [`"x" in [k8s_token.pod.name]`, 'no_such_key'],
    ['"agent" in [k8s_token.service_account.name, "x"]', 'true'],
    ['size(ssh_pop.principal) == 3 && ssh_pop.principal.size() == 3', 'true'],
    ['ssh_pop.principal == ["a", "b", "é😀"]', 'true'],
    ['ssh_pop.principal != ["b", "a", "é😀"]', 'true'],
    ['[1] == [1, 1]', 'false'],
    ['(true ? [] : ["a"]) == []', 'true'],
  ])
})

describe('loops', () => {
  check([
    ['ssh_pop.principal.exists(p, p == "b")', 'true'],
    ['ssh_pop.principal.exists(p, p == "c")', 'false'],
    ['ssh_pop.principal.all(p, p != "c")', 'true'],
    ['ssh_pop.principal.all(p, p == "a")', 'false'],
    ['ssh_pop.principal.exists_one(p, p < "b")', 'true'],
    ['ssh_pop.principal.exists_one(p, p != "a")', 'false'],
    // all and exists absorb as && and || do; exists_one does not.
    [`ssh_pop.principal.exists(p, p == "b" || ${ERROR})`, 'true'],
    [`ssh_pop.principal.exists(p, p == "a" ? ${ERROR} : p == "b")`, 'true'],
    [`ssh_pop.principal.exists(p, p == "a" ? ${ERROR} : false)`, 'no_such_key'],
    [`ssh_pop.principal.all(p, p == "a" ? ${ERROR} : p == "b")`, 'false'],
    [`ssh_pop.principal.all(p, p == "a" ? ${ERROR} : true)`, 'no_such_key'],
    [`ssh_pop.principal.exists_one(p, p == "a" ? ${ERROR} : p == "b")`, 'no_such_key'],
    ['[1, 2, 3].all(n, n > 0) && [1, 2, 3].exists_one(n, n + n == 4)', 'true'],
    ['[true, false].exists(b, b)', 'true'],
    ['ssh_pop.principal.exists(p, ["x", "a"].exists(q, p == q))', 'true'],
    ['["a", "b"].all(x, ["a", "b"].exists(x, x == "b"))', 'true'],
    ['[9223372036854775807].all(n, n + 1 > 0)', 'overflow'],
  ])

  it('is true for all and false for exists over an empty attribute', () => {
    const empty = { 'ssh_pop.principal': [] }
    expect(answer('ssh_pop.principal.all(p, false)', empty)).toBe('true')
    expect(answer('ssh_pop.principal.exists(p, true)', empty)).toBe('false')
    expect(answer('ssh_pop.principal.exists_one(p, true)', empty)).toBe('false')
  })

  it('fails over an absent attribute', () => {
    expect(answer('ssh_pop.principal.all(p, true)', {})).toBe('no_such_key')
  })
})

describe('presence', () => {
  check([
    ['has(k8s_token.node.name)', 'true'],
    ['has(k8s_token.pod.name)', 'false'],
    ['has(ssh_pop.principal)', 'true'],
    ['has(kubernetes.pod.label.app)', 'true'],
    ['has(kubernetes.pod.label.none)', 'false'],
    ['"app.kubernetes.io/name" in kubernetes.pod.label', 'true'],
    ['"none" in kubernetes.pod.label', 'false'],
    ['"__proto__" in kubernetes.pod.label && kubernetes.pod.label["__proto__"] == "x"', 'true'],
    ['"constructor" in kubernetes.pod.label || "toString" in kubernetes.pod.label', 'false'],
    ['kubernetes.pod.label["constructor"] == "x"', 'no_such_key'],
    ['kubernetes.pod.label["app.kubernetes.io/name"] == "shop"', 'true'],
    ['kubernetes.pod.label.app == kubernetes.pod.label["app"]', 'true'],
    ['kubernetes.pod.container["main"].image.name == "web:1"', 'true'],
    ['has(k8s_token.pod.name) && k8s_token.pod.name == "x"', 'false'],
    ['has(k8s_token.pod.name) ? k8s_token.pod.name == "x" : true', 'true'],
  ])
})
