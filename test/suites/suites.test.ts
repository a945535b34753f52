// Each runner on a folder of its suite's form, with cases that end well and one whose expectation is wrong: a runner that
// compared nothing would pass every suite.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCelSuite } from './cel-suite.ts'
import { runJsonSuite } from './json-suite.ts'
import { runRe2Suite } from './re2-suite.ts'
import { formatTally, type Tally } from './tally.ts'
import { parseTextproto } from './textproto.ts'
import { runWycheproof } from './wycheproof.ts'
import { runYamlSuite } from './yaml-suite.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-suites-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** The counts, and the names of the wrong cases up to the colon. */
function summarize({ outcomes, wrong }: Tally) {
  return { ...Object.fromEntries(outcomes), wrong: wrong.map((name) => name.slice(0, name.indexOf(':'))) }
}

describe('npm run suites', () => {
  it('holds the JSON reader to JSONTestSuite', () => {
    write({
      'test_parsing/y_object.json': '{"a":[1.5,"\\u00e9",null]}',
      'test_parsing/y_twice.json': '{"a":1,"a":1}',
      'test_parsing/y_comma.json': '[1,]',
      'test_parsing/n_comma.json': '[1,,]',
      'test_parsing/n_empty_list.json': '[]',
      'test_parsing/i_bytes.json': new Uint8Array([0x22, 0xff, 0x22]),
      'test_parsing/i_big.json': '[1e9999]',
      'test_parsing/readme.md': 'no case',
    })
    expect(summarize(runJsonSuite(folder))).toEqual({
      'y_ accepted': 1,
      'y_ refused: member_duplicate, which is stricter than RFC 8259': 1,
      'n_ refused': 1,
      'i_ refused: encoding_invalid': 1,
      'i_ refused: number_unsafe': 1,
      wrong: ['n_empty_list.json', 'y_comma.json'],
    })
  })

  it('holds the reader of documents to yaml-test-suite', () => {
    write({
      'AAA1/in.yaml': 'a: [1, b, ~]\n',
      'AAA1/in.json': '{"a": [1, "b", null]}',
      'AAA2/00/in.yaml': 'a: &x 1\n',
      'AAA2/00/in.json': '{"a": 1}',
      'AAA2/01/in.yaml': 'a: ]\n',
      'AAA2/01/error': '',
      'AAA3/in.yaml': 'a: 1\n',
      'AAA3/in.json': '{"a": 2}',
      'AAA4/in.yaml': 'a: 1\n',
      'AAA4/error': '',
      'AAA5/in.yaml': 'a: 1\n',
      'AAA5/in.json': '{"a": 1}\n{"b": 1}',
      'AAA6/in.yaml': 'a: ]\n',
      'AAA6/in.json': '{"a": "]"}',
      'AAA7/in.yaml': 'a: 1\n',
      'name/plain/in.yaml': 'a: 1\n',
    })
    expect(summarize(runYamlSuite(folder))).toEqual({
      'valid, accepted, with the value of the suite': 1,
      'valid, refused as outside the subset: yaml_feature_forbidden': 1,
      'invalid, refused': 1,
      'valid, accepted, without a JSON to compare with': 1,
      wrong: ['AAA3', 'AAA4', 'AAA5', 'AAA6'],
    })
  })

  it("holds patterns to RE2's search tests", async () => {
    const lines = [
      '# made',
      'strings',
      '""',
      '"a\\x00"',
      '"\\xff"',
      'regexps',
      '"a"',
      '-;-;-;-',
      '-;0-1;-;0-1',
      '-;-;-;-',
    ]
    write({
      're2-search.txt': [
        ...lines,
        '"\\\\pN"',
        '-;-;-;-',
        '-;-;-;-',
        '-;-;-;-',
        '"^$"',
        '-;-;-;-',
        'strings',
        '"\r\u2028"',
        'regexps',
        '"^..$"',
        '0-2;0-2;0-2;0-2',
        '"\\\\B"',
        '1-1;1-1;1-1;1-1',
      ].join('\n'),
    })
    expect(summarize(await runRe2Suite(folder))).toEqual({
      'patterns accepted': 4,
      'left out: \\B over characters of several bytes': 1,
      'patterns refused: Cannot compile the pattern: Unicode classes depend on the Unicode version: list the ranges': 1,
      'searches with the answers of RE2': 3,
      'left out: the string is not Unicode': 1,
      wrong: ['re2-search.txt'],
    })
  })

  it('holds conditions to cel-spec', () => {
    const test = (name: string, fields: string): string => `test { name: "${name}" ${fields} }\n`
    const bound = "bindings: { key: 'x' value: { value: { int64_value: 3 } } }"
    write({
      'basic.textproto': `name: "basic" # made
section { name: "all"
${test('sum', `expr: "x + " '1' ${bound} value: { int64_value: 4 }`)}
${test('text', "expr: \"'a' + 'b'\" value { string_value: 'ab' }")}
${test('fault', 'expr: "9223372036854775807 + x > 0" eval_error: { errors: { message: "overflow" } }')}
${test('same', `expr: "9223372036854775807 + x > 0" ${bound} eval_error: { errors: [{ message: "overflow" }] }`)}
${test('double', 'expr: "1.5" value: { double_value: 1.5 }')}
${test('type', 'expr: "\'a\' + 1 == 2" value: < bool_value: true >')}
${test('wrong', 'expr: "1 < 2" value: { bool_value: false }')}
${test('implied', 'expr: "2 < 1"')}
}`,
    })
    expect(summarize(runCelSuite(folder))).toEqual({
      'compiled, with the answer of the suite': 3,
      'left out: attribute_unknown': 1,
      'left out: a value that is no string, int or bool': 1,
      'left out: condition_type': 1,
      wrong: ['basic.textproto all wrong', 'basic.textproto all implied'],
    })
  })

  it.each([['a: "b'], ['a { b: 1'], ['a: }'], ['a: [1, ?]']])('does not guess at the text format: %s', (text) => {
    expect(() => parseTextproto(text)).toThrow()
  })

  it('holds keys and signatures to Wycheproof', async () => {
    const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const hex = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('hex')
    const message = new TextEncoder().encode('123400')
    const sig = hex(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, message))
    const key = { curve: 'secp256r1', uncompressed: hex(await crypto.subtle.exportKey('raw', publicKey)) }
    const msg = hex(message.buffer)
    const group = { type: 'EcdsaP1363Verify', sha: 'SHA-256' }
    const tests = [
      { tcId: 1, msg, sig, result: 'valid' },
      { tcId: 2, msg: `${msg}30`, sig, result: 'invalid' },
      { tcId: 3, msg: 'ff', sig, result: 'invalid' },
      { tcId: 4, msg, sig, result: 'invalid' },
      { tcId: 5, msg, sig: sig.slice(2), result: 'valid' },
    ]
    const rsa = { n: `00${'c5'.repeat(64)}`, e: '010001', type: 'RsassaPkcs1Verify', sha: 'SHA-256' }
    write({
      'ecdsa_test.json': JSON.stringify({
        testGroups: [
          { ...group, key, tests },
          { ...group, publicKey: key, tests: tests.slice(0, 1) },
          { ...group, key, sha: 'SHA-512', tests: tests.slice(0, 1) },
          { type: 'AeadTest', tests },
        ],
      }),
      'rsa_test.json': JSON.stringify({ testGroups: [{ ...rsa, tests: tests.slice(0, 2) }] }),
    })
    expect(summarize(await runWycheproof(folder))).toEqual({
      'ES256 valid, verified': 2,
      'ES256 invalid, refused': 1,
      'left out: the message is not text, as that of a token is': 1,
      'left out: no algorithm or form of a token': 1,
      'RS256 valid, but the key is refused: RSA modulus of 512 bits; 2048 to 8192 are accepted': 1,
      'RS256 invalid, and the key is refused': 1,
      wrong: ['ecdsa_test.json 4', 'ecdsa_test.json 5'],
    })
  })

  it('prints the counts, and the first wrong cases by name', () => {
    const outcomes = new Map([['refused', 12]])
    const wrong = Array.from({ length: 21 }, (_, index) => `case ${index}: was accepted`)
    const lines = formatTally('A suite', { count: () => {}, fail: () => {}, outcomes, wrong }).split('\n')
    expect([...lines.slice(0, 4), ...lines.slice(-2)]).toEqual([
      'A suite',
      '  12  refused',
      '  21  wrong',
      '  ✗ case 0: was accepted',
      '  ✗ case 19: was accepted',
      '  and 1 more',
    ])
  })
})
