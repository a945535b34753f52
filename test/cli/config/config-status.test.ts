import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSealKey } from '../../../src/cli/keys/dev-environment.ts'
import { decodeBase64url } from '../../../src/core/base64.ts'
import { computeDigest } from '../../../src/core/digest.ts'
import { GATEWAY_STATUS_MAX_BYTES } from '../../../src/core/limits.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { type AppliedRecord, sealRecord } from '../../../src/token/applied-record.ts'
import { attestation, bench, CONTAINER_POLICY, clusterDocument } from '../call.ts'

const WHERE = ['cluster', '--id', 'c-1', '--store', 'store']
const KEY = 'clusters/c-1/AgentAttestation'
const APPLIED_MILLIS = Date.UTC(2025, 11, 31)

const digest = (text: string): Promise<string> => computeDigest(encodeUtf8(text))

async function seal(record: AppliedRecord, sealKey: string): Promise<Uint8Array> {
  const key = decodeBase64url(sealKey)
  if (key === undefined) throw new Error('the seal key of the test is no base64url')
  return sealRecord(record, { sealKeys: [key], trustDomain: 'example.org', issuerUrl: 'https://gateway.example' })
}

async function applied(text: string, key = KEY): Promise<AppliedRecord> {
  const times = { appliedAtMillis: APPLIED_MILLIS, confirmedAtMillis: APPLIED_MILLIS, readAtMillis: APPLIED_MILLIS }
  return { kind: 'applied', key, digest: await digest(text), text, ...times }
}

/** What the tool needs to open a record: the settings of the gateway that sealed it. */
function sealedWith(SEAL_KEYS: string) {
  return { SEAL_KEYS, TRUST_DOMAIN: 'example.org', ISSUER_URL: 'https://gateway.example' }
}

describe('config status, from the store', () => {
  it('is healthy with every section that is there', async () => {
    const { file, call } = bench()
    file(`store/${KEY}.yaml`, attestation())
    const { exitCode, out } = await call('config', 'status', ...WHERE)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^AgentAttestation +HEALTHY +sha256:[0-9a-f]{12}, would be in force$/m)
    expect(out).toMatch(/^Cluster +- +absent$/m)
  })

  it('is unhealthy with a document that does not compile, and tells every issue with its place', async () => {
    const { file, call } = bench()
    file(`store/${KEY}.yaml`, attestation().replace('k8s_token', 'k8s_tokn').replace('v1', 'v2'))
    const { exitCode, out } = await call('config', 'status', ...WHERE)
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^AgentAttestation +UNHEALTHY +sha256:[0-9a-f]{12}, and nothing would be in force$/m)
    expect(out).toMatch(/^ +2:9: error schema_unsupported: /m)
    expect(out).toMatch(/^ +7:17: error attestor_unknown: /m)
  })

  it('is unhealthy with findings across sections, which displace nothing', async () => {
    const { file, call } = bench()
    file('store/clusters/c-1/SVIDIssuancePolicy.yaml', CONTAINER_POLICY)
    file('store/clusters/c-1/Cluster.yaml', clusterDocument(false))
    const { exitCode, out } = await call('config', 'status', '--json', ...WHERE)
    expect(exitCode).toBe(1)
    const { sections } = JSON.parse(out)
    expect(sections.find(({ section }: { section: string }) => section === 'SVIDIssuancePolicy')).toMatchObject({
      health: 'UNHEALTHY',
      appliedDigest: await digest(CONTAINER_POLICY),
      issues: [{ code: 'attribute_not_enabled', line: 5, column: 52 }],
    })
  })

  it('tells which older version is in force, by the record of the gateway', async () => {
    const sealKey = makeSealKey()
    const { file, call } = bench({ environment: sealedWith(sealKey) })
    file(`store/${KEY}.yaml`, 'broken: [')
    file(`store/applied/${KEY}.yaml`, await seal(await applied(attestation()), sealKey))
    const { exitCode, out } = await call('config', 'status', '--json', ...WHERE)
    expect(exitCode).toBe(1)
    expect(JSON.parse(out).sections[0]).toMatchObject({
      health: 'UNHEALTHY',
      desiredDigest: await digest('broken: ['),
      appliedDigest: await digest(attestation()),
      appliedAt: '2025-12-31T00:00:00.000Z',
    })
  })

  it('finds that record in the state directory', async () => {
    const sealKey = makeSealKey()
    const { file, call } = bench({ environment: sealedWith(sealKey) })
    file(`store/${KEY}.yaml`, 'broken: [')
    file(`state/applied/${KEY}.yaml`, await seal(await applied(attestation()), sealKey))
    const { out } = await call('config', 'status', '--json', '--state', 'state', ...WHERE)
    expect(JSON.parse(out).sections[0]).toMatchObject({ appliedDigest: await digest(attestation()) })
  })

  it('fails for a cluster that has nothing', async () => {
    const { call } = bench()
    expect(await call('config', 'status', ...WHERE)).toMatchObject({ exitCode: 1, err: expect.stringContaining('c-1') })
  })

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['does not list it', '{clusters: {c-9: {name: x, pathPrefixes: [/x]}}}', ['mapping_refused'], ['cluster_unlisted']],
    ['warns of it', '{clusters: {c-9: {name: x, pathPrefixes: [/x]}}, unlisted: warn}', [], ['cluster_unlisted']],
    [
      'warns of it, and lists its name',
      '{clusters: {c-9: {name: C-1, pathPrefixes: [/x]}}, unlisted: warn}',
      ['cluster_name_taken'],
      ['cluster_unlisted'],
    ],
    ['lists it', '{clusters: {c-1: {name: x, pathPrefixes: [/x]}}}', [], []],
    ['cannot be read', '{clusters: []}', [], []],
  ])('tells what a gateway tells of a cluster where TrustDomain %s', async (_what, spec, issues, warnings) => {
    const { file, call } = bench()
    file(`store/${KEY}.yaml`, attestation())
    file('store/trust-domain/TrustDomain.yaml', `section: TrustDomain\nschema: v1\nspec: ${spec}\n`)
    const { exitCode, out } = await call('config', 'status', '--json', ...WHERE)
    const cluster = JSON.parse(out).sections.find(({ section }: { section: string }) => section === 'Cluster')
    const codes = (found: readonly { code: string }[]) => found.map(({ code }) => code)
    expect([exitCode, codes(cluster.issues), codes(cluster.warnings)]).toEqual([
      issues.length > 0 ? 1 : 0,
      issues,
      warnings,
    ])
  })

  it('warns of sessions that are revoked before they are issued, at their line', async () => {
    const { file, call } = bench()
    file(
      'store/trust-domain/TrustDomain.yaml',
      'section: TrustDomain\nschema: v1\nspec:\n  sessionsNotBefore: 2999-01-01T00:00:00Z\n',
    )
    const { exitCode, out } = await call('config', 'status', '--json', 'trust-domain', '--store', 'store')
    const section = JSON.parse(out).sections.find((status: { section: string }) => status.section === 'TrustDomain')
    expect([exitCode, section.warnings]).toEqual([0, [expect.objectContaining({ code: 'not_before_future', line: 4 })]])
  })

  it('knows the sections of the trust domain', async () => {
    const { file, call } = bench()
    file('store/trust-domain/TrustDomain.yaml', 'section: TrustDomain\nschema: v1\nspec: {}\n')
    const { exitCode, out } = await call('config', 'status', 'trust-domain', '--store', 'store')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^TrustDomain +HEALTHY/m)
  })
})

describe('config get --applied', () => {
  const GET = ['config', 'get', '--applied', ...WHERE, 'AgentAttestation']

  it('prints the version that the gateway sealed, not the stored one', async () => {
    const sealKey = makeSealKey()
    const { file, call } = bench({ environment: sealedWith(`${makeSealKey()},${sealKey}`) })
    file(`store/${KEY}.yaml`, 'broken: [')
    file(`store/applied/${KEY}.yaml`, await seal(await applied(attestation()), sealKey))
    const { exitCode, out, err } = await call(...GET)
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: attestation() })
    expect(err).toContain('2025-12-31T00:00:00.000Z')
  })

  it.each([
    [
      'that another key sealed',
      async () => seal(await applied(attestation()), makeSealKey()),
      'does not match SEAL_KEYS',
    ],
    [
      'of another document',
      async (k: string) => seal(await applied('x', 'clusters/c-2/Cluster'), k),
      'does not match SEAL_KEYS',
    ],
    [
      'of a deletion',
      (k: string) => seal({ kind: 'deleted', key: KEY, atMillis: APPLIED_MILLIS }, k),
      'deleted at 2025-12-31',
    ],
    ['that is not there', undefined, 'has no applied record'],
  ])('believes no record %s', async (_what, make, said) => {
    const sealKey = makeSealKey()
    const { file, call } = bench({ environment: sealedWith(sealKey) })
    if (make !== undefined) file(`store/applied/${KEY}.yaml`, await make(sealKey))
    const { exitCode, out, err } = await call(...GET)
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
    expect(err).toContain(said)
  })

  it('wants SEAL_KEYS', async () => {
    const { call } = bench()
    expect(await call(...GET)).toMatchObject({ exitCode: 2, err: expect.stringContaining('set SEAL_KEYS') })
  })
})

describe('config status, from a gateway', () => {
  const SECTION = {
    section: 'AgentAttestation',
    health: 'UNHEALTHY',
    stored: 'present',
    stale: true,
    desiredDigest: `sha256:${'a'.repeat(64)}`,
    appliedDigest: `sha256:${'b'.repeat(64)}`,
    appliedAt: '2026-01-01T00:00:00.000Z',
    issues: [{ code: 'yaml_syntax', path: '', line: 3, column: 1, message: 'Cannot read \u001b[2Jthis' }],
    warnings: [],
  }

  /** A gateway that answers every request the same, and remembers what it was asked. */
  async function gateway(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
    const asked: { readonly path: string; readonly authorization: string | undefined }[] = []
    const server = createServer((request, response) => {
      asked.push({ path: request.url ?? '', authorization: request.headers.authorization })
      response.writeHead(status, headers).end(body)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  }

  const environment = { POSTERN_SESSION: 'ey.session.token' }
  const STATUS = ['config', 'status', 'cluster', '--id', 'c-1', '--gateway']

  it('shows what the gateway tells, with the session in the header', async () => {
    const { url, asked } = await gateway(200, JSON.stringify({ clusterId: 'c-1', sections: [SECTION] }))
    const { exitCode, out } = await bench({ environment, fetch }).call(...STATUS, `${url}/`)
    expect(asked).toEqual([{ path: '/v1/clusters/c-1/status', authorization: 'Bearer ey.session.token' }])
    expect(exitCode).toBe(1)
    expect(out).toMatch(/UNHEALTHY +sha256:a{12}, but sha256:b{12} in force since 2026-01-01\S+, as it was last read$/m)
    expect(out).toMatch(/^ +3:1: error yaml_syntax: /m)
    expect(out).not.toContain('\u001b')
  })

  it('passes when every section is healthy', async () => {
    const healthy = { ...SECTION, health: 'HEALTHY', issues: [] }
    const { url } = await gateway(200, JSON.stringify({ sections: [healthy] }))
    expect((await bench({ environment, fetch }).call(...STATUS, url)).exitCode).toBe(0)
  })

  it.each([
    ['refuses the session', 401, JSON.stringify({ code: 'session_expired', detail: 'x' }), 'log in again'],
    ['answers with something else', 200, '<html>', 'not a status'],
    ['answers with another shape', 200, JSON.stringify({ sections: [{ section: 1 }] }), 'not a status'],
    ['redirects', 302, '', 'answered 302'],
  ])('says so when the gateway %s', async (_what, status, body, said) => {
    const { url, asked } = await gateway(status, body, { Location: '/elsewhere' })
    const { exitCode, err } = await bench({ environment, fetch }).call(...STATUS, url)
    expect(exitCode).toBe(4)
    expect(err).toContain(said)
    expect(err).not.toContain('ey.session.token')
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['over http to another host', ['http://login.example'], environment],
    ['without a session', ['https://login.example'], {}],
    ['with a session of two lines', ['https://login.example', '--session', 'a\nb'], {}],
  ])('asks nothing %s', async (_what, rest, given) => {
    expect((await bench({ environment: given }).call(...STATUS, ...rest)).exitCode).toBe(2)
  })

  it.each([
    ['at the bound', 0, 0, undefined],
    ['over it', 1, 4, `more than ${GATEWAY_STATUS_MAX_BYTES} bytes`],
  ])('reads an answer %s', async (_what, over, exit, said) => {
    const body = JSON.stringify({ sections: [{ ...SECTION, health: 'HEALTHY', issues: [] }] })
    const { url } = await gateway(200, body.padEnd(GATEWAY_STATUS_MAX_BYTES + over))
    const { exitCode, err } = await bench({ environment, fetch }).call(...STATUS, url)
    expect([exitCode, err]).toEqual([exit, said === undefined ? '' : expect.stringContaining(said)])
  })

  it('says that an answer broke off', async () => {
    const answer = new Response(new ReadableStream({ pull: () => Promise.reject(new Error('reset')) }))
    const { exitCode, err } = await bench({ environment, fetch: async () => answer }).call(
      ...STATUS,
      'https://a.example',
    )
    expect([exitCode, err]).toEqual([4, expect.stringContaining('reset')])
  })

  it('says that a gateway is not there', async () => {
    const { exitCode, err } = await bench({ environment, fetch }).call(...STATUS, 'http://127.0.0.1:1')
    expect(exitCode).toBe(4)
    expect(err).toContain('did not answer')
  })
})
