// A replay of records that the gateway itself wrote: by the policies that were in force nothing changes, by others exactly those logins
// that they decide otherwise.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPLAY_GROUPS_MAX, REPLAY_LINE_MAX_BYTES } from '../../src/core/limits.ts'
import { formatAuditLine } from '../../src/gateway/audit/audit.ts'
import type { ReplayReport } from '../../src/policy-tests/replay.ts'
import { bench } from '../cli/call.ts'
import { createWorld, policyText, type World } from '../gateway/fixture.ts'

let world: World
let lines: readonly string[]
let original: string
beforeAll(async () => {
  world = await createWorld()
  original = policyText(world.issuer.issuer, [
    'serviceAccountNamespace: spirl-system',
    'allowedNodes: [node-1, node-2]',
  ])
  for (const cluster of ['c-1', 'c-2']) world.store.put(`clusters/${cluster}/AgentAttestation`, original)
  const mint = (namespace: string, node: string, account = 'spirl-agent') =>
    world.issuer.mint({
      claims: {
        sub: `system:serviceaccount:${namespace}:${account}`,
        'kubernetes.io': {
          namespace,
          node: { name: node, uid: 'n' },
          pod: { name: 'p', uid: 'p' },
          serviceaccount: { name: account, uid: 's' },
        },
      },
    })
  for (let times = 0; times < 3; times++) await world.login('c-1', await mint('spirl-system', 'node-1'))
  for (let times = 0; times < 2; times++) await world.login('c-1', await mint('spirl-system', 'node-2'))
  await world.login('c-2', await mint('spirl-system', 'node-2'))
  await world.login('c-1', await mint('default', 'node-1'))
  await world.login('c-1', await mint('spirl-system', 'node-3'))
  await world.login('c-1', 'x')
  await world.login('c-1', await world.issuer.mint({ claims: { exp: 1, iat: 0, nbf: 0 } }))
  expect(world.records.map((record) => 'status' in record && record.status)).toEqual([
    200, 200, 200, 200, 200, 200, 403, 403, 401, 401,
  ])
  lines = [...world.events, ...world.records].map((record) => formatAuditLine(record).trimEnd())
})
afterAll(() => world.stop())

/** Of one cluster unless the words say otherwise. */
async function replay(policies: string, words: readonly string[] = [], audit: readonly string[] = ofOne()) {
  const { file, call } = bench()
  file('dev.env', `ALLOW_LOOPBACK_ISSUERS='true'\nTRUST_DOMAIN='example.org'\nISSUER_URL='http://127.0.0.1:1'\n`)
  const asked = [
    'replay',
    '--env-file',
    'dev.env',
    ...words,
    file('audit.jsonl', audit.join('\n')),
    file('new.yaml', policies),
  ]
  const text = await call(...asked)
  const json = await call(...asked, '--json')
  return { ...text, report: json.out === '' ? undefined : (JSON.parse(json.out) as ReplayReport) }
}
/** The records without those of the other cluster. */
const ofOne = (): readonly string[] => lines.filter((line) => !line.includes('"clusterId":"c-2"'))
const groupsOf = (report: ReplayReport | undefined) =>
  (report?.groups ?? []).map(({ kind, before, after, count }) => [kind, before, after, count])

describe('a replay', () => {
  it('by the policies that decided changes nothing', async () => {
    const { exitCode, report } = await replay(original)
    expect(report).toMatchObject({
      logins: 9,
      clusters: ['c-1'],
      unchanged: 7,
      notReplayed: 2,
      groups: [],
      damaged: { count: 0 },
    })
    expect(report?.otherRecords).toBe(ofOne().length - 9)
    expect(exitCode).toBe(0)
  })

  it.each<[string, (text: string) => string, readonly unknown[], number]>([
    [
      'fewer nodes',
      (text) => text.replace('node-1, node-2', 'node-1'),
      [['locked_out', 'k8s_policy', 'node_not_allowed', 2]],
      1,
    ],
    [
      'another node',
      (text) => text.replace('node-1, node-2', 'node-1, node-2, node-3'),
      [['newly_admitted', 'node_not_allowed', 'k8s_policy', 1]],
      0,
    ],
    [
      'no pin',
      (text) => text.replace(/ +(serviceAccountNamespace|allowedNodes).*\n/g, ''),
      [
        ['newly_admitted', 'namespace_not_allowed', 'k8s_policy', 1],
        ['newly_admitted', 'node_not_allowed', 'k8s_policy', 1],
      ],
      0,
    ],
    [
      'another name',
      (text) => text.replace('name: k8s_policy', 'name: nodes'),
      [['other_policy', 'k8s_policy', 'nodes', 5]],
      0,
    ],
    [
      'another issuer',
      (text) => text.replace(/issuerURL: .*/, 'issuerURL: https://elsewhere.example'),
      [['locked_out', 'k8s_policy', 'issuer_mismatch', 5]],
      1,
    ],
    [
      'a fact that is not on record',
      (text) => text.replace('allowedNodes', 'maxTokenLifetime: 1h\n            allowedNodes'),
      [['undecided', 'k8s_policy', 'k8s_policy: lifetime', 5]],
      3,
    ],
    [
      'a condition',
      (text) => `${text}      conditions: [{ expression: 'k8s_token.node.name == "node-1"', message: m }]\n`,
      [['locked_out', 'k8s_policy', 'condition_failed', 2]],
      1,
    ],
    [
      'nobody',
      () => 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }',
      [['locked_out', 'k8s_policy', expect.any(String), 5]],
      1,
    ],
  ])('by policies with %s says who changes', async (_name, change, groups, exitCode) => {
    const replayed = await replay(change(original))
    expect(groupsOf(replayed.report)).toEqual(groups)
    expect(replayed.exitCode).toBe(exitCode)
  })

  it('lists lock-outs first, and the largest first', async () => {
    const text = original.replace('node-1, node-2', 'node-3')
    const { report, out } = await replay(text)
    expect(groupsOf(report)).toEqual([
      ['locked_out', 'k8s_policy', 'node_not_allowed', 5],
      ['newly_admitted', 'node_not_allowed', 'k8s_policy', 1],
    ])
    expect(out.indexOf('locked out')).toBeLessThan(out.indexOf('newly admitted'))
    expect(out).toContain('2 logins not replayed')
  })

  it('is of one cluster, or from a time on', async () => {
    const narrowed = original.replace('node-1, node-2', 'node-1')
    expect(groupsOf((await replay(narrowed, ['--cluster', 'c-2'], lines)).report)).toEqual([
      ['locked_out', 'k8s_policy', 'node_not_allowed', 1],
    ])
    const several = await replay(narrowed, [], lines)
    expect(several).toMatchObject({ exitCode: 2, out: '' })
    expect(several.err).toContain('several clusters (c-1, c-2)')
    expect(await replay(narrowed, ['--since', '2099-01-01T00:00:00Z'])).toMatchObject({ exitCode: 2, out: '' })
    expect((await replay(narrowed, ['--since', '2020-01-01T00:00:00Z'])).report?.logins).toBe(9)
  })

  it('does not replay what not the policies decided', async () => {
    const [login = ''] = lines.filter((line) => line.includes('node_not_allowed'))
    const revoked = login.replaceAll('node_not_allowed', 'evidence_revoked')
    const unavailable = login.replace('"status":403', '"status":503')
    const open = original.replace(/ +allowedNodes.*\n/, '')
    expect((await replay(open, [], [revoked, unavailable])).report).toMatchObject({ notReplayed: 2, groups: [] })
  })

  it('tells of damaged lines, and passes over other records', async () => {
    const damaged = [
      lines[0] ?? '',
      lines.at(-5)?.slice(0, 300) ?? '',
      '[]',
      '',
      'x'.repeat(REPLAY_LINE_MAX_BYTES + 70_000),
      ...ofOne(),
    ]
    const { report, out } = await replay(original, [], damaged)
    expect(report).toMatchObject({ unchanged: 7, damaged: { count: 3, lines: [2, 3, 5] } })
    expect(out).toContain('3 damaged lines: 2, 3, 5')
  })

  it('bounds its groups', async () => {
    const [login = ''] = lines.filter((line) => line.includes('"policy":"k8s_policy"'))
    const many = Array.from({ length: REPLAY_GROUPS_MAX + 5 }, (_, n) =>
      login.replace('"policy":"k8s_policy"', `"policy":"p${n}"`),
    )
    const { report } = await replay(original, [], many)
    expect(report?.groups).toHaveLength(REPLAY_GROUPS_MAX)
    expect(report?.groupsOmitted).toBe(5)
  })

  it.each<[string, string, readonly string[], RegExp]>([
    ['policies that are not valid', 'section: AgentAttestation', [], /new\.yaml:\d+:\d+: error/],
    ['a document without policies', 'section: Cluster\nschema: v1\nspec: {}', [], /has no policies/],
    ['no time', '', ['--since', 'yesterday'], /is not a time/],
  ])('ends with 2 for %s', async (_name, text, words, message) => {
    const { exitCode, err } = await replay(text === '' ? original : text, words)
    expect(exitCode).toBe(2)
    expect(err).toMatch(message)
  })

  it('takes any line', async () => {
    const { file, call } = bench({ environment: { TRUST_DOMAIN: 'example.org' } })
    file('new.yaml', 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }')
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            v: fc.constant(1),
            event: fc.constant('login'),
            clusterId: fc.constant('c'),
            outcome: fc.constantFrom('admitted', 'refused'),
            policy: fc.jsonValue(),
            status: fc.constantFrom(200, 403),
            attributes: fc.jsonValue(),
            refusals: fc.jsonValue(),
          },
          { requiredKeys: ['v', 'event', 'clusterId'] },
        )
        .map((one) => JSON.stringify(one)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (some) => {
        file('audit.jsonl', some.join('\n'))
        expect([0, 1, 2, 3]).toContain((await call('replay', 'audit.jsonl', 'new.yaml')).exitCode)
      }),
    )
  })
})
