// Policy tests in the page give what `postern test` gives; the page writes tests that the tool runs, and no token into one.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeTest } from '../../playground/engine/make-test.ts'
import { writeYaml } from '../../playground/engine/write-yaml.ts'
import { SAMPLES } from '../../playground/samples/samples.ts'
import { packShared } from '../../playground/share/select-shared.ts'
import { unpackState } from '../../playground/share/shared-state.ts'
import { stripTests } from '../../playground/share/strip-tests.ts'
import { createAttestorTable } from '../../src/attest/table.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { readYaml } from '../../src/config/yaml/yaml.ts'
import type { Json } from '../../src/core/json.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { runPolicyTests } from '../../src/policy-tests/run-policy-tests.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { findSample, makeEngine, situationOf } from './situation.ts'

const engine = makeEngine()
const never = () => Promise.resolve(false)
const EXAMPLE = readFileSync('examples/policy-tests.yaml', 'utf8')
const EXAMPLES: readonly PlacedDocument[] = (
  [
    ['cluster', 'AgentAttestation'],
    ['cluster', 'ServerlessAttestation'],
    ['cluster', 'SVIDIssuancePolicy'],
    ['trust-domain', 'TrustDomainServerAttestation'],
  ] as const
).map(([scope, section]) => ({ scope, section, text: readFileSync(`examples/${section}.yaml`, 'utf8') }))

/** What the tool makes of the same file and documents. */
async function runByTool(text: string, documents: readonly PlacedDocument[]) {
  const read = readTestFile(text)
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  const given = { attestors: createAttestorTable(), engine: createConditionEngine(loadPolicyVm()) }
  const report = await runPolicyTests({ file: read.file, text, documents, ...given })
  if (report.kind !== 'run') throw new Error(JSON.stringify(report))
  return report.results
}
const made = async (id: string, tests = '', change = {}) => {
  const added = await makeTest(engine, situationOf(id, change), tests)
  if ('fault' in added) throw new Error(added.fault)
  return added.text
}

describe('the tests of the page', () => {
  it.each([
    ['as they are', (text: string) => text, 0],
    ['with a policy that admits others', (text: string) => text.replaceAll('spirl-system', 'default'), 3],
  ])('give what the tool gives, for documents %s', async (_name, change, failed) => {
    const documents = EXAMPLES.map((one) => ({ ...one, text: change(one.text) }))
    const report = await engine.runTests(EXAMPLE, documents, never)
    const results = await runByTool(EXAMPLE, documents)
    expect(report).toMatchObject({ kind: 'run', results })
    expect(results.filter(({ passed }) => !passed)).toHaveLength(failed)
  })

  it('name their issues by line and column, their own and those with the documents', async () => {
    const unknown = EXAMPLE.replace('refuse: namespace_not_allowed', 'refuze: namespace_not_allowed')
    expect(await engine.runTests(unknown, EXAMPLES, never)).toMatchObject({
      kind: 'invalid',
      issues: [{ code: 'field_unknown', line: 33, column: 15 }],
    })
    const absent = EXAMPLE.replace('admit: k8s_policy', 'admit: k8s_polici')
    expect(await engine.runTests(absent, EXAMPLES, never)).toMatchObject({
      kind: 'invalid',
      issues: [{ code: 'value_invalid', line: expect.any(Number) }],
    })
  })

  it('are not run with a document that does not compile', async () => {
    const broken = EXAMPLES.map((one) => ({ ...one, text: one.text.replaceAll('issuerURL', 'isuerURL') }))
    expect(await engine.runTests(EXAMPLE, broken, never)).toEqual({
      kind: 'broken',
      sections: ['AgentAttestation', 'ServerlessAttestation', 'TrustDomainServerAttestation'],
    })
  })

  it('are given up where a newer question waits', async () => {
    let asked = 0
    expect(await engine.runTests(EXAMPLE, EXAMPLES, () => Promise.resolve(++asked > 3))).toBeUndefined()
    expect(asked).toBe(4)
  })
})

describe('the evidence of the page as a test', () => {
  const TOKENS = SAMPLES.filter(({ evidence }) => !evidence.startsWith('{')).map(({ id }) => id)

  it('has samples to try', () => expect(TOKENS.length).toBeGreaterThan(5))

  it.each(TOKENS)('of sample %s passes, in the page and by the tool, and holds no signature', async (id) => {
    const { documents, evidence } = findSample(id)
    const text = await made(id)
    expect(await runByTool(text, documents)).toMatchObject([{ passed: true, signature: 'unchecked' }])
    expect(await engine.runTests(text, documents, never)).toMatchObject({ results: [{ passed: true }] })
    expect(text).not.toContain(evidence.split('.')[2])
    expect(stripTests(text)).toEqual({ tests: text })
  })

  it('is added behind the others, whatever their depth, with a name and a time of its own', async () => {
    const first = await made('kubernetes')
    const later = { atSeconds: findSample('kubernetes').atSeconds + 7 * 86_400 }
    for (const tests of [
      first,
      first
        .replace(/^cases:\n/m, 'cases:\n  ')
        .replace(/(?<=^cases:\n)[\s\S]*/m, (rest) => rest.replaceAll('\n', '\n  ')),
    ]) {
      const text = await made('kubernetes', await made('kubernetes', tests), later)
      const results = await runByTool(text, findSample('kubernetes').documents)
      expect(results.map(({ passed }) => passed)).toEqual([true, true, true])
      expect(results[2]?.expected).toBe('refused: token_expired')
      expect(new Set(results.map(({ name }) => name)).size).toBe(3)
    }
  })

  it.each<[string, Parameters<typeof situationOf>, string, RegExp]>([
    ['that answers a challenge', ['ssh'], '', /Only tokens/],
    ['of which there is none', ['kubernetes', { evidence: '' }], '', /Only tokens|no evidence/],
    [
      'whose signature is wrong',
      ['kubernetes', { evidence: `${findSample('kubernetes').evidence.slice(0, -8)}AAAAAAAA` }],
      '',
      /signature/,
    ],
    ['without a document', ['kubernetes', { documents: [] }], '', /no AgentAttestation/],
    ['behind tests with issues', ['kubernetes'], 'cases: []', /issues/],
    [
      'behind tests whose cases are not last',
      ['kubernetes'],
      `{"trustDomain": "example.org", "now": "2026-12-01T09:01:00Z", "documents": ["x"], "cases": [{"name": "x", "login": {"token": "x"}, "expect": {"refuse": "token_malformed"}}]}`,
      /last field/,
    ],
  ])('is not added %s', async (_name, situation, tests, fault) => {
    const added = await makeTest(engine, situationOf(...situation), tests)
    expect('fault' in added ? added.fault : added.text).toMatch(fault)
  })
})

describe('a link', () => {
  const STATE = { ...situationOf('kubernetes'), baseline: undefined }
  const CHOICES = { whole: false, workload: true, keys: true }
  const share = async (tests: string, choices = CHOICES) => {
    const packed = await packShared({ ...STATE, tests }, choices)
    const opened = 'fragment' in packed ? await unpackState(packed.fragment) : undefined
    if (opened === undefined || !('state' in opened)) throw new Error(JSON.stringify(opened))
    return { tests: opened.state.tests, omitted: packed.omitted }
  }
  const withLogin = (login: unknown): string =>
    `# mine\n${writeYaml({ trustDomain: 'example.org', now: '2026-12-01T09:01:00Z', documents: ['x'], cases: [{ name: 'x', login: login as Json, expect: { refuse: 'token_malformed' } }] })}`

  it.each<[string, string]>([
    ['claims', withLogin({ claims: { iss: 'https://x.example' } })],
    ['a recorded login', withLogin({ attributes: { 'k8s_token.namespace': 'x' } })],
    ['claims in a body', withLogin({ attestations: [{ type: 'k8s_token', evidence: { claims: {}, header: {} } }] })],
  ])('brings tests with %s', async (_name, tests) => {
    expect(await share(tests)).toEqual({ tests, omitted: ['the signature'] })
  })

  it.each<[string, string]>([
    ['a token', withLogin({ token: findSample('kubernetes').evidence })],
    ['a short token', withLogin({ token: 'x' })],
    ['a token in a body', withLogin({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] })],
    ['other evidence', withLogin({ attestations: [{ type: 'aws_iid', evidence: { pkcs7: 'x' } }] })],
    ['a token in a comment', `# ${findSample('kubernetes').evidence}\n${withLogin({ claims: {} })}`],
    ['issues', `${withLogin({ claims: {} })}more: 1\n`],
  ])('leaves out tests with %s, unless it is asked for', async (_name, tests) => {
    const { omitted, tests: shared } = await share(tests)
    expect(shared).toBeUndefined()
    expect(omitted.join()).toContain('the tests')
    expect((await share(tests, { ...CHOICES, whole: true })).tests).toBe(tests)
  })
})

describe('writeYaml()', () => {
  it('writes what the reader of documents reads as the same', () => {
    const names = fc.string({ minLength: 1 })
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'true',
        'no',
        'null',
        '~',
        '1e3',
        '0x1',
        '- x',
        'a: b',
        '#',
        'x #',
        '2026-01-01',
        'a:',
        ':a',
        '<<',
      ),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        texts,
        fc.integer(),
        fc.boolean(),
        fc.array(tie('value')),
        fc.dictionary(names, tie('value')),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(names, value, { minKeys: 1 }), (given) => {
        const json = JSON.parse(JSON.stringify(given))
        const [yaml, read] = [readYaml(writeYaml(json)), readYaml(JSON.stringify(json))]
        // What YAML refuses in any form, such as an unpaired surrogate, is refused here too.
        expect(yaml.ok).toBe(read.ok)
        if (yaml.ok && read.ok) expect(plain(yaml.root)).toEqual(plain(read.root))
      }),
    )
  })

  it('writes what people write', () => {
    expect(
      writeYaml({ a: 'https://x.example/y', b: ['spiffe://example.org', 'true'], c: {}, d: [{ e: 1, f: [] }] }),
    ).toBe('a: https://x.example/y\nb:\n  - spiffe://example.org\n  - "true"\nc: {}\nd:\n  - e: 1\n    f: []\n')
  })
})

/** A tree without its places. */
function plain(node: unknown): unknown {
  return JSON.parse(
    JSON.stringify(node, (name, value) =>
      ['start', 'end', 'offset', 'style', 'keyStart', 'keyEnd', 'span', 'source', 'indent', 'content'].includes(name)
        ? undefined
        : value,
    ),
  )
}
