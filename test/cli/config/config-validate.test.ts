import { describe, expect, it } from 'vitest'
import { DOCUMENT_MAX_BYTES, OPERATOR_FILE_MAX_BYTES } from '../../../src/core/limits.ts'
import { attestation, bench, CONTAINER_POLICY, clusterDocument } from '../call.ts'

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

  it('finds a webhook that the gateway does not call, where it knows those that it calls', async () => {
    const { file, call } = bench()
    const attestors = [
      { type: 'aws_iid', config: { allowedAccountIDs: ['111122223333'] } },
      { type: 'extension', config: { webhookURL: 'https://webhook.example.com/attest' } },
    ]
    const spec = { policies: [{ name: 'p', requiredAttestors: attestors }] }
    const name = file('a.yaml', JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec }))
    const secret = Buffer.alloc(32, 7).toString('base64url')
    const settings = (origin: string): string =>
      `WEBHOOKS='${JSON.stringify({ [origin]: { hmac: [{ kid: 'k1', key: secret }] } })}'`
    file('listed.env', settings('https://webhook.example.com'))
    file('other.env', settings('https://other.example.com'))
    expect((await call('config', 'validate', name)).exitCode).toBe(0)
    expect((await call('config', 'validate', '--env-file', 'listed.env', name)).exitCode).toBe(0)
    const { exitCode, out } = await call('config', 'validate', '--env-file', 'other.env', name)
    expect([exitCode, out]).toEqual([1, expect.stringContaining('error webhook_unlisted')])
    expect(out).not.toContain(secret)
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

  describe('of a store', () => {
    const POLICY = 'store/clusters/c-1/AgentAttestation.yaml'
    const scoped = (): string => attestation()

    it('checks every document, and counts', async () => {
      const { file, call } = bench()
      file(POLICY, scoped())
      file('store/clusters/c-2/AgentAttestation.yaml', scoped())
      file(
        'store/trust-domain/TrustDomain.yaml',
        'section: TrustDomain\nschema: v1\nspec: { clusters: { c-1: { name: one, pathPrefixes: [/one] }, c-2: { name: two, pathPrefixes: [/two] } }, unlisted: refuse }\n',
      )
      expect(await call('config', 'validate', '--store', 'store')).toMatchObject({
        exitCode: 0,
        out: '3 documents, 0 not valid, 0 with warnings\n',
      })
    })

    it.each<[string, string, string, RegExp]>([
      [
        'a document that does not compile',
        'clusters/c-2/AgentAttestation',
        FOUR_MISTAKES,
        /store\/clusters\/c-2\/AgentAttestation\.yaml:2:9: error schema_unsupported/,
      ],
      [
        'a document of the trust domain',
        'trust-domain/TrustDomain',
        'section: TrustDomain\nschema: v1\nspec: { x: 1 }\n',
        /trust-domain\/TrustDomain\.yaml:3:9: error field_unknown/,
      ],
      ['a section under the wrong key', 'clusters/c-2/Cluster', attestation(), /section_mismatch/],
      [
        'a place that no gateway reads',
        'clusters/c-2/AgentAtestation',
        attestation(),
        /AgentAtestation\.yaml: no gateway reads it/,
      ],
      ['a finding across sections', 'clusters/c-1/SVIDIssuancePolicy', CONTAINER_POLICY, /attribute_not_enabled/],
    ])('fails for %s', async (_name, path, text, message) => {
      const { file, call } = bench()
      file(POLICY, scoped())
      file(`store/${path}.yaml`, text)
      const { exitCode, out } = await call('config', 'validate', '--store', 'store')
      expect(exitCode).toBe(1)
      expect(out).toMatch(message)
      const { out: json, exitCode: same } = await call('config', 'validate', '--store', 'store', '--json')
      expect(same).toBe(1)
      expect(JSON.parse(json)).toMatchObject({
        valid: false,
        strangers: path.includes('Atestation') ? [`store/${path}.yaml`] : [],
      })
    })

    it('fails for a store without documents: it is another folder than was meant', async () => {
      const { call } = bench()
      expect(await call('config', 'validate', '--store', 'store')).toMatchObject({ exitCode: 1 })
    })
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

  it.each([
    ['at the bound', 0, 0],
    ['over it', 1, 2],
  ])('reads a named file %s', async (_what, over, exit) => {
    const { file, call } = bench()
    const settings = file('gateway.env', `# ${'a'.repeat(OPERATOR_FILE_MAX_BYTES - 2 + over)}`)
    const { exitCode, err } = await call('config', 'validate', '--env-file', settings, file('a.yaml', attestation()))
    expect([exitCode, err]).toEqual([exit, over === 0 ? '' : expect.stringContaining(`${OPERATOR_FILE_MAX_BYTES}`)])
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

  it('fails a policy that waits for what no attestor of the cluster proves', async () => {
    const { file, call } = bench()
    const policy = CONTAINER_POLICY.replaceAll('kubernetes.container.name', 'aws_iid.account.id')
    expect((await call('config', 'validate', file('policy.yaml', policy))).exitCode).toBe(0)
    const { exitCode, out } = await call(
      'config',
      'validate',
      file('policy.yaml', policy),
      file('agents.yaml', attestation()),
    )
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

describe('config validate, by the clock', () => {
  it.each<[string, string, string, boolean]>([
    // The clock of the bench is some seconds after 2026-01-01T00:00:00Z.
    ['TrustDomain', '', '2026-02-01T00:00:00Z', true],
    ['TrustDomain', '', '2026-01-01T00:00:00Z', false],
    ['Cluster', '  requireAgentSession: true\n  requireNode: true\n', '2999-01-01T00:00:00Z', true],
    ['Cluster', '  requireAgentSession: true\n  requireNode: true\n', '2025-12-31T00:00:00Z', false],
  ])('warns of sessions of %s that are revoked before they are issued: %s%s', async (section, more, time, warns) => {
    const { file, call } = bench()
    const text = `section: ${section}\nschema: v1\nspec:\n${more}  sessionsNotBefore: ${time}\n`
    const { exitCode, out } = await call('config', 'validate', '--json', file('x.yaml', text))
    expect(exitCode).toBe(0)
    const line = 4 + more.split('\n').length - 1
    expect(JSON.parse(out).files[0].warnings).toEqual(
      warns ? [expect.objectContaining({ code: 'not_before_future', path: 'spec.sessionsNotBefore', line })] : [],
    )
  })

  it('and so does config set, for whoever stores it', async () => {
    const { file, call } = bench()
    const text = 'section: TrustDomain\nschema: v1\nspec: {sessionsNotBefore: 2999-01-01T00:00:00Z}\n'
    const { exitCode, err } = await call('config', 'set', 'trust-domain', '--store', 'store', file('t.yaml', text))
    expect([exitCode, err]).toEqual([0, expect.stringContaining('not_before_future')])
  })
})

const LISTING = (more = '') => `section: TrustDomain
schema: v1
spec:
  clusters:
    listed: {name: prod, pathPrefixes: [/prod]}
${more}`

describe('config validate --store', () => {
  function store(trustDomain: string | undefined, names: Readonly<Record<string, string>> = {}) {
    const made = bench()
    for (const id of ['listed', 'eu', 'us']) {
      made.file(`store/clusters/${id}/AgentAttestation.yaml`, attestation())
      const name = names[id]
      if (name !== undefined) {
        made.file(`store/clusters/${id}/Cluster.yaml`, `section: Cluster\nschema: v1\nspec: {name: ${name}}\n`)
      }
    }
    if (trustDomain !== undefined) made.file('store/trust-domain/TrustDomain.yaml', trustDomain)
    return made
  }
  const concerned = (out: string): readonly string[] =>
    JSON.parse(out).clusters.map(({ id, code }: { id: string; code: string }) => `${id} ${code}`)

  it.each<[string, string, Readonly<Record<string, string>>, readonly string[], number]>([
    ['the default stops', LISTING(), {}, ['eu cluster_unlisted', 'us cluster_unlisted'], 1],
    // Who says `refuse` has decided.
    ['refuse stops', LISTING('  unlisted: refuse\n'), {}, ['eu cluster_unlisted', 'us cluster_unlisted'], 0],
    ['warn stops, by name', LISTING('  unlisted: warn\n'), { us: 'Prod' }, ['us cluster_name_taken'], 1],
    ['warn does not stop', LISTING('  unlisted: warn\n'), { us: 'dev' }, [], 0],
    ['a document that lists nothing does not stop', 'section: TrustDomain\nschema: v1\nspec: {}\n', {}, [], 0],
  ])('lists the clusters whose mapping %s', async (_what, text, names, expected, exitCode) => {
    const { call } = store(text, names)
    const called = await call('config', 'validate', '--json', '--store', 'store')
    expect(concerned(called.out)).toEqual(expected)
    expect(called.exitCode).toBe(exitCode)
    expect(JSON.parse(called.out).valid).toBe(exitCode === 0)
  })

  it('says so in words, and what to do', async () => {
    const { call } = store(LISTING())
    const { exitCode, out } = await call('config', 'validate', '--store', 'store')
    expect(exitCode).toBe(1)
    expect(out).toContain('trust-domain/TrustDomain.yaml:4:3: warning unlisted_unset')
    expect(out).toMatch(/^clusters\/eu: mapping is refused \(cluster_unlisted\)/m)
    expect(out).toContain('2 clusters of the store stop mapping')
    expect(out).not.toContain('clusters/listed:')
  })

  it('holds a file that is not stored yet against the clusters of the store', async () => {
    const { file, call } = store(LISTING('  unlisted: warn\n'))
    const next = file('next.yaml', LISTING('    eu: {name: eu, pathPrefixes: [/eu]}\n'))
    const { exitCode, out } = await call('config', 'validate', '--json', '--store', 'store', next)
    expect([exitCode, concerned(out)]).toEqual([1, ['us cluster_unlisted']])
    expect(JSON.parse(out).files.map(({ file: name }: { file: string }) => name)).toEqual(['next.yaml'])
  })

  it('says nothing of clusters where TrustDomain does not compile, and fails', async () => {
    const { call } = store(LISTING('  unlisted: never\n'))
    const { exitCode, out } = await call('config', 'validate', '--json', '--store', 'store')
    expect(exitCode).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      clusters: [],
      files: [{ valid: true }, { valid: true }, { valid: true }, { section: 'TrustDomain', valid: false }],
    })
  })

  it('says that it does not know the name of a cluster whose Cluster does not compile', async () => {
    const made = store(LISTING('  unlisted: warn\n'))
    made.file('store/clusters/eu/Cluster.yaml', 'section: Cluster\nschema: v1\nspec: {nmae: prod}\n')
    const { exitCode, err } = await made.call('config', 'validate', '--store', 'store')
    expect([exitCode, err]).toEqual([1, expect.stringContaining('clusters/eu/Cluster')])
  })

  it('passes a store without TrustDomain, and says that nothing keeps its clusters apart', async () => {
    const { call } = store(undefined)
    const { exitCode, out, err } = await call('config', 'validate', '--store', 'store')
    expect([exitCode, out, err]).toEqual([
      0,
      '3 documents, 0 not valid, 0 with warnings\n',
      expect.stringContaining('trust-domain/TrustDomain'),
    ])
  })

  it.each([
    ['no such directory', ['--store', 'nowhere']],
    ['neither files nor a store', []],
  ])('wants something to check: %s', async (_what, args) => {
    const { exitCode } = await bench().call('config', 'validate', ...args)
    expect(exitCode).toBe(2)
  })
})
