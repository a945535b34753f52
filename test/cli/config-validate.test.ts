import { describe, expect, it } from 'vitest'
import { DOCUMENT_MAX_BYTES } from '../../src/core/limits.ts'
import { attestation, bench, CONTAINER_POLICY, clusterDocument } from './call.ts'

const FOUR_MISTAKES = `section: AgentAttestation
schema: v2
spec:
  policies:
    - name: a policy
      requiredAttestors:
        - type: k8s_tokn
    - name: empty
      requiredAttestors: []
`

describe('config validate', () => {
  it('passes a valid document', async () => {
    const { file, call } = bench()
    const called = await call('config', 'validate', file('a.yaml', attestation()))
    expect(called).toMatchObject({ exitCode: 0, err: '' })
    expect(called.out).toMatch(/^a\.yaml: valid \(AgentAttestation, sha256:[0-9a-f]{12}\)\n$/)
  })

  it('prints all four mistakes of a file, each with its place, its line and a caret', async () => {
    const { file, call } = bench()
    const { exitCode, out } = await call('config', 'validate', file('bad.yaml', FOUR_MISTAKES))
    expect(exitCode).toBe(1)
    expect(out.split('\n').filter((line) => line.startsWith('bad.yaml:'))).toEqual([
      expect.stringMatching(/^bad\.yaml:2:9: error schema_unsupported: /),
      expect.stringMatching(/^bad\.yaml:5:13: error name_invalid: /),
      expect.stringMatching(/^bad\.yaml:7:17: error attestor_unknown: .*did you mean "k8s_token"\?$/),
      expect.stringMatching(/^bad\.yaml:9:26: error value_empty: /),
      'bad.yaml: not valid (4 errors)',
    ])
    expect(out).toContain('\n7 |         - type: k8s_tokn\n                    ^\n')
  })

  it('tells of every file, and fails if one of them is bad', async () => {
    const { file, call } = bench()
    const files = [file('bad.yaml', FOUR_MISTAKES), file('good.yaml', attestation())]
    const { exitCode, out } = await call('config', 'validate', ...files)
    expect(exitCode).toBe(1)
    expect(out).toMatch(/good\.yaml: valid .*\n2 files, 1 not valid\n$/)
  })

  it('prints the same as JSON for programs', async () => {
    const { file, call } = bench()
    const { exitCode, out } = await call('config', 'validate', '--json', file('bad.yaml', FOUR_MISTAKES))
    expect(exitCode).toBe(1)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ valid: false, files: [{ file: 'bad.yaml', section: 'AgentAttestation' }] })
    expect(report.files[0].issues).toHaveLength(4)
    expect(report.files[0].issues[2]).toMatchObject({
      code: 'attestor_unknown',
      path: 'spec.policies[0].requiredAttestors[0].type',
      line: 7,
      column: 17,
    })
  })

  it('shows warnings, and passes', async () => {
    const { file, call } = bench()
    const { exitCode, out } = await call('config', 'validate', file('c.yaml', clusterDocument(true)))
    expect(exitCode).toBe(0)
    expect(out).toContain('warning node_unproven')
  })

  it('fails a document that denies everybody, although it compiles', async () => {
    const { file, call } = bench()
    const text = 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n'
    const { exitCode, out } = await call('config', 'validate', file('a.yaml', text))
    expect(exitCode).toBe(1)
    expect(out).toContain('warning deny_all')
  })

  it.each([
    ['names no section', 'schema: v1\nspec: {}\n', 'field_missing'],
    ['names one that there is not', 'section: AgentAtestation\nschema: v1\nspec: {}\n', 'section_unknown'],
    ['is no YAML', 'section: [\n', 'yaml_syntax'],
    ['is no UTF-8', new Uint8Array([0xff]), 'encoding_invalid'],
    ['is empty', '', 'document_empty'],
  ])('tells one thing of a file that %s', async (_what, content, code) => {
    const { file, call } = bench()
    const { exitCode, out } = await call('config', 'validate', '--json', file('x.yaml', content))
    expect(exitCode).toBe(1)
    expect(JSON.parse(out).files[0].issues).toEqual([expect.objectContaining({ code })])
  })

  it.each([
    ['as large as a document may be', DOCUMENT_MAX_BYTES, 0],
    ['one byte larger', DOCUMENT_MAX_BYTES + 1, 1],
  ])('reads a file that is %s', async (_what, bytes, exitCode) => {
    const { file, call } = bench()
    const text = attestation()
    const called = await call('config', 'validate', file('x.yaml', text + '#'.repeat(bytes - text.length)))
    expect(called.exitCode).toBe(exitCode)
    expect(called.out.includes('document_too_large')).toBe(exitCode === 1)
  })

  it('reads ISSUER_URL and ALLOW_LOOPBACK_ISSUERS from the environment', async () => {
    const text = attestation().replace('https://issuer.example', 'http://127.0.0.1:9000')
    const strict = bench()
    expect((await strict.call('config', 'validate', strict.file('a.yaml', text))).out).toContain('url_forbidden')
    const lenient = bench({ environment: { ALLOW_LOOPBACK_ISSUERS: 'true' } })
    expect((await lenient.call('config', 'validate', lenient.file('a.yaml', text))).exitCode).toBe(0)
    const own = bench({ environment: { ISSUER_URL: 'https://issuer.example' } })
    expect((await own.call('config', 'validate', own.file('a.yaml', attestation()))).out).toContain('issuer_forbidden')
  })

  it('reads them from a file that is named, and lets the environment win', async () => {
    const { file, call } = bench({ environment: {} })
    const document = file('a.yaml', attestation())
    const settings = file('gateway.env', "ISSUER_URL='https://issuer.example'\n")
    expect((await call('config', 'validate', '--env-file', settings, document)).exitCode).toBe(1)
    const other = bench({ environment: { ISSUER_URL: 'https://login.example' } })
    other.file('a.yaml', attestation())
    other.file('gateway.env', "ISSUER_URL='https://issuer.example'\n")
    expect((await other.call('config', 'validate', '--env-file', settings, document)).exitCode).toBe(0)
  })
})

describe('config validate, across sections', () => {
  it('fails files of one cluster that do not fit together, at the line that has to change', async () => {
    const { file, call } = bench()
    const files = [file('policy.yaml', CONTAINER_POLICY), file('cluster.yaml', clusterDocument(false))]
    const { exitCode, out } = await call('config', 'validate', ...files)
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^policy\.yaml:5:\d+: error attribute_not_enabled: /m)
  })

  it('passes them when they do', async () => {
    const { file, call } = bench()
    const files = [file('policy.yaml', CONTAINER_POLICY), file('cluster.yaml', clusterDocument(true))]
    expect((await call('config', 'validate', ...files)).exitCode).toBe(0)
  })

  it('says nothing of a section that it was not given', async () => {
    const { file, call } = bench()
    expect((await call('config', 'validate', file('policy.yaml', CONTAINER_POLICY))).exitCode).toBe(0)
  })

  it('keeps the clusters of a tree apart', async () => {
    const { file, call } = bench()
    const files = [
      file('clusters/one/SVIDIssuancePolicy.yaml', CONTAINER_POLICY),
      file('clusters/one/Cluster.yaml', clusterDocument(true)),
      file('clusters/two/SVIDIssuancePolicy.yaml', CONTAINER_POLICY),
      file('clusters/two/Cluster.yaml', clusterDocument(false)),
    ]
    const { exitCode, out } = await call('config', 'validate', ...files)
    expect(exitCode).toBe(1)
    expect(out.match(/^.*attribute_not_enabled/gm)).toEqual([
      expect.stringContaining('clusters/two/SVIDIssuancePolicy.yaml:5:'),
    ])
  })

  it('says that it cannot tell which files belong together', async () => {
    const { file, call } = bench()
    const files = [
      file('policy.yaml', CONTAINER_POLICY),
      file('one.yaml', clusterDocument(true)),
      file('two.yaml', clusterDocument(false)),
    ]
    const { exitCode, err } = await call('config', 'validate', ...files)
    expect(exitCode).toBe(0)
    expect(err).toContain('Not checked across sections')
  })

  it('fails a file that a tree has under the name of another section', async () => {
    const { file, call } = bench()
    const { out } = await call('config', 'validate', '--json', file('clusters/one/Cluster.yaml', attestation()))
    expect(JSON.parse(out).files[0].issues).toEqual([expect.objectContaining({ code: 'section_mismatch', line: 1 })])
  })

  it('holds sections of the trust domain to its stricter rules', async () => {
    const { file, call } = bench()
    const text = `section: TrustDomainServerAttestation
schema: v1
spec:
  requiredAttestors:
    - type: k8s_token
      config:
        issuerURL: https://issuer.example
`
    expect((await call('config', 'validate', file('t.yaml', text))).out).toContain('pin_missing')
  })
})
