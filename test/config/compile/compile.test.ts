import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { listSectionNames } from '../../../src/config/sections/table.ts'
import { isError } from '../../../src/core/issue.ts'
import { DOCUMENT_MAX_BYTES, ISSUES_MAX } from '../../../src/core/limits.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'
import { compile, found } from '../document.ts'

const seed = readFileSync(new URL('../seed/agent-attestation.yaml', import.meta.url), 'utf8')
const head = 'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n'
const section = fc.constantFrom(...listSectionNames())

describe('compileDocument()', () => {
  it.each<[string, readonly number[], readonly string[]]>([
    ['no bytes', [], ['1:1 document_empty']],
    ['bytes that are not UTF-8', [0x61, 0xff], ['1:2 encoding_invalid']],
    ['an overlong encoding', [0xc0, 0xaf], ['1:1 encoding_invalid']],
    ['half a surrogate pair', [0xed, 0xa0, 0xbd], ['1:1 encoding_invalid']],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], ['1:1 encoding_invalid']],
    ['UTF-16', [0x61, 0x00, 0x3a, 0x00], ['1:2 yaml_feature_forbidden']],
  ])('refuses %s', (_what, bytes, expected) => {
    expect(found(compileDocument('AgentAttestation', Uint8Array.from(bytes), COMPILE_CONTEXT))).toEqual(expected)
  })

  it('counts bytes, not characters, up to two megabytes', () => {
    const padded = (bytes: number): string => `${seed}# ${'x'.repeat(bytes - seed.length - 2)}`
    expect(compile('AgentAttestation', padded(DOCUMENT_MAX_BYTES)).ok).toBe(true)
    expect(found(compile('AgentAttestation', padded(DOCUMENT_MAX_BYTES + 1)))).toEqual(['1:1 document_too_large'])
    const wide = `${seed}# ${'é'.repeat(DOCUMENT_MAX_BYTES / 2)}`
    expect(found(compile('AgentAttestation', wide))).toEqual(['1:1 document_too_large'])
  })

  it('lists a hundred issues, and counts the rest', () => {
    const policies = (count: number): string => head + '    - {}\n'.repeat(count)
    const fits = compile('AgentAttestation', policies(ISSUES_MAX / 2))
    expect(found(fits)).toHaveLength(ISSUES_MAX)
    const over = compile('AgentAttestation', policies(ISSUES_MAX / 2 + 1))
    if (over.ok) throw new Error('compiles')
    expect(over.issues).toHaveLength(ISSUES_MAX)
    expect(over.issues.at(-1)?.message).toContain('3 more issues')
  })

  it('keeps errors when there are more warnings than can be listed', () => {
    const policy = (name: string): string =>
      `    - {name: ${name}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://a.example"}}]}\n`
    const names = Array.from({ length: 150 }, (_, index) => `p${index}`)
    const text = head + names.map(policy).join('') + policy('"/"')
    expect(found(compile('AgentAttestation', text))).toContain('155:14 name_invalid spec.policies.150.name')
    const good = compile('AgentAttestation', head + names.map(policy).join(''))
    expect(good.ok && good.warnings).toHaveLength(ISSUES_MAX)
  })

  it('never throws, and never accepts random bytes', () => {
    fc.assert(
      fc.property(section, fc.uint8Array({ maxLength: 200 }), (name, bytes) => {
        expect(compileDocument(name, bytes, COMPILE_CONTEXT).ok).toBe(false)
      }),
    )
  })

  it('never throws on random YAML, and always says why it refuses', () => {
    const piece = fc.constantFrom(
      ...[
        'section: ',
        'schema: v1\n',
        'spec:',
        'policies:',
        '\n',
        '  ',
        '- ',
        'name: x',
        '{',
        '}',
        '[',
        ']',
        ',',
        ': ',
        '"',
        "'",
      ],
      ...[
        '&a ',
        '*a',
        '!t ',
        '# c',
        '|\n',
        '>\n',
        '{{',
        '}}',
        '---\n',
        '? ',
        '1',
        'null',
        '\t',
        '%',
        '<<: ',
        '\\',
        'é',
        '\r',
      ],
      ...[
        'AgentAttestation\n',
        'requiredAttestors:',
        'type: k8s_token',
        'config:',
        'policy:',
        'when:',
        'pathTemplate: /',
      ],
    )
    fc.assert(
      fc.property(section, fc.array(piece, { maxLength: 40 }), (name, pieces) => {
        const result = compile(name, pieces.join(''))
        if (!result.ok) expect(result.issues.some(isError)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws on a good document with a part cut out, doubled or exchanged', () => {
    const change = fc.record({ from: fc.nat(seed.length), length: fc.nat(20), put: fc.string({ maxLength: 5 }) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = seed
        for (const { from, length, put } of changes) text = text.slice(0, from) + put + text.slice(from + length)
        const result = compile('AgentAttestation', text)
        const issues = result.ok ? result.warnings : result.issues
        expect(issues.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
