// Whatever stands in a document, a record, a token, a pod, a name of a file or an answer: no command prints anything
// that steers a terminal, and nobody's line end begins a line of ours.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWranglerFailure } from '../../src/cli/store/remote-kv.ts'
import { computeDigest } from '../../src/core/digest.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { pod } from '../gateway/mapping-world.ts'
import { hostileIn } from '../hostile.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'
import { attestation, type Bench, bench, type Called, commandTree, START_MILLIS } from './call.ts'

const STEER = '\u001b[2J\u001b]0;x\u0007\u009b1m\u202e\u2066\u061c\u200b\u2028\ufeff\u{e0041}'
const HOSTILE = `a${STEER}\r\nFORGED`
const QUOTED = yaml(HOSTILE)
const FILE = `${HOSTILE}.yaml`

const WHERE = ['cluster', '--id', 'c-1', '--store', 'store']
const KEY = 'clusters/c-1/AgentAttestation'
const ISSUER = 'https://issuer.example'
const [TAB, LINE_FEED] = [0x09, 0x0a]

/** JSON, which is YAML once what YAML may not hold as it is has been escaped. */
function yaml(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/gu, (character) => {
    const digits = (character.codePointAt(0) ?? 0).toString(16)
    return `\\U${digits.padStart(8, '0')}`
  })
}

interface Case {
  readonly what: string
  readonly command: string
  /** Lays the files out, and yields the words. */
  readonly prepare: (made: Bench) => readonly string[] | Promise<readonly string[]>
  /** The command gets as far as this; so the text was there to be printed. */
  readonly exitCode: number
  readonly session?: boolean
}

const storedPolicy = (made: Bench): void => void made.file(`store/${KEY}.yaml`, `${attestation()}# ${STEER}\n`)
/** Valid, with hostile strings wherever a list of what is revoked may have any. */
const HOSTILE_REVOCATIONS = yaml({
  section: 'Revocations',
  schema: 'v1',
  spec: {
    lock: { until: '2099-01-01T00:00:00Z', reason: HOSTILE },
    entries: [
      { attribute: { name: 'k8s_token.issuer', value: HOSTILE }, until: '2099-01-01T00:00:00Z', reason: HOSTILE },
      { attribute: { name: 'k8s_token.pod.name', value: HOSTILE }, until: '2020-01-01T00:00:00Z', reason: HOSTILE },
    ],
  },
})
/** Valid, with hostile strings wherever a document may have any. */
const HOSTILE_POLICY = yaml({
  section: 'AgentAttestation',
  schema: 'v1',
  spec: {
    policies: [
      {
        name: 'p',
        requiredAttestors: [
          {
            type: 'k8s_token',
            config: { issuerURL: ISSUER, serviceAccountNamespace: 'n', serviceAccountName: 'a', audiences: [HOSTILE] },
          },
        ],
        conditions: [
          {
            expression: `k8s_token.node.name == "x" || "${STEER.replaceAll('\u0007', '').replaceAll('\u2028', '')}" == "y"`,
            message: HOSTILE,
          },
        ],
      },
    ],
  },
})
const BROKEN = [
  `section: ${QUOTED}\nschema: ${QUOTED}\n${QUOTED}: 1\n`,
  `section: AgentAttestation\nschema: ${QUOTED}\nspec:\n  ${QUOTED}: ${QUOTED}\n  policies: ${QUOTED}\n`,
  `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n    - name: ${QUOTED}\n      requiredAttestors:\n        - type: ${QUOTED}\n          config: ${QUOTED}\n`,
  `section: SVIDIssuancePolicy\nschema: v1\nspec:\n  policy:\n    pathTemplate: ${yaml(`/x/{{${HOSTILE}}}/{{kubernetes.pod.name | ${HOSTILE}}}`)}\n    jwt:\n      ttl: ${QUOTED}\n      additionalClaims: {${QUOTED}: ${QUOTED}}\n`,
  `section: TrustDomain\nschema: v1\nspec: {clusters: {${QUOTED}: {name: ${QUOTED}, pathPrefixes: [${QUOTED}]}}}\n`,
  `not: [yaml ${STEER}\n`,
]

const CASES: readonly Case[] = [
  { what: 'a file that is there', command: 'keys new', prepare: ({ file }) => ['--out', file(FILE, '')], exitCode: 1 },
  { what: 'a word', command: 'keys new', prepare: () => ['--out', 'x.env', HOSTILE], exitCode: 2 },
  {
    what: 'a file without keys',
    command: 'keys rotate',
    prepare: ({ file }) => [file(FILE, `# ${STEER}\n`)],
    exitCode: 1,
  },
  {
    what: 'keys that cannot be used',
    command: 'keys rotate',
    prepare: ({ file }) => [file(FILE, `SESSION_SIGNING_KEYS='${JSON.stringify({ keys: [{ kid: HOSTILE }] })}'\n`)],
    exitCode: 1,
  },
  {
    what: 'a token file that is not there',
    command: 'agent',
    prepare: () => ['--once', '--gateway', 'https://x.example', '--out', 's', '--token-file', FILE],
    exitCode: 2,
  },
  {
    what: 'a gateway that is none',
    command: 'agent',
    prepare: () => ['--once', '--gateway', HOSTILE, '--out', 's'],
    exitCode: 2,
  },
  {
    what: 'a page without certificates',
    command: 'aws-certs',
    prepare: ({ file }) => [file(FILE, `## ${HOSTILE} — us-west-2\n${STEER}\n`)],
    exitCode: 1,
  },
  { what: 'a flag', command: 'serve', prepare: () => [`--${HOSTILE}`], exitCode: 2 },
  { what: 'a word', command: 'serve', prepare: () => ['--store', 'x', HOSTILE], exitCode: 2 },
  ...BROKEN.map(
    (text, index): Case => ({
      what: `a wrong document (${index})`,
      command: 'config validate',
      prepare: ({ file }) => [file(FILE, text)],
      exitCode: 1,
    }),
  ),
  {
    what: 'a wrong document, for a program',
    command: 'config validate',
    prepare: ({ file }) => ['--json', file(FILE, BROKEN[1] ?? '')],
    exitCode: 1,
  },
  { what: 'a file that is not there', command: 'config validate', prepare: () => [FILE], exitCode: 2 },
  {
    what: 'an environment file that is not there',
    command: 'config validate',
    prepare: () => ['--env-file', HOSTILE, 'x'],
    exitCode: 2,
  },
  { what: 'a flag', command: 'config validate', prepare: () => [`--${HOSTILE}`], exitCode: 2 },
  {
    what: 'a valid document',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, file(FILE, attestation())],
    exitCode: 0,
  },
  {
    what: 'a valid document, checked alone',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, '--validate-only', file(FILE, attestation())],
    exitCode: 0,
  },
  {
    what: 'a wrong document',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, file(FILE, BROKEN[1] ?? '')],
    exitCode: 1,
  },
  {
    what: 'a document of no section',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, file(FILE, BROKEN[0] ?? '')],
    exitCode: 1,
  },
  {
    what: 'two files of one section',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, file(FILE, attestation()), file(`b${FILE}`, attestation())],
    exitCode: 2,
  },
  {
    what: 'a file in a place that no gateway reads',
    command: 'config apply',
    prepare: ({ file }) => ['--store', 'store', file(`tree/clusters/${FILE}`, attestation()).split('/')[0] ?? ''],
    exitCode: 2,
  },
  {
    what: 'a tree',
    command: 'config apply',
    prepare: () => ['--store', 'store', HOSTILE],
    exitCode: 2,
  },
  {
    what: 'an actor',
    command: 'config set',
    prepare: ({ file }) => [...WHERE, '--actor', HOSTILE, file('a.yaml', attestation())],
    exitCode: 2,
  },
  {
    what: 'a directory that is not there',
    command: 'config get',
    prepare: () => ['cluster', '--id', 'c-1', '--store', HOSTILE, 'Cluster'],
    exitCode: 2,
  },
  {
    what: 'an empty store',
    command: 'config get',
    prepare: ({ file }) =>
      [`${file(`${HOSTILE}/x`, '')}`].flatMap(() => ['cluster', '--id', 'c-1', '--store', HOSTILE, 'Cluster']),
    exitCode: 1,
  },
  { what: 'a section', command: 'config get', prepare: () => [...WHERE, HOSTILE], exitCode: 2 },
  {
    what: 'a cluster id',
    command: 'config get',
    prepare: () => ['cluster', '--id', HOSTILE, '--store', 'store', 'Cluster'],
    exitCode: 2,
  },
  {
    what: 'the texts and the file of a difference',
    command: 'config diff',
    prepare: (made) => {
      storedPolicy(made)
      return [...WHERE, made.file(FILE, `${attestation()}# \u202e\u2066\u061c\u200b\t${'\u{e0041}'}\n`)]
    },
    exitCode: 1,
  },
  {
    what: 'a file of no section',
    command: 'config diff',
    prepare: ({ file }) => [...WHERE, file(FILE, BROKEN[0] ?? '')],
    exitCode: 2,
  },
  {
    what: 'a store',
    command: 'config delete',
    prepare: ({ file }) => {
      file(`${HOSTILE}/${KEY}.yaml`, attestation())
      return ['cluster', '--id', 'c-1', '--store', HOSTILE, '--expected-digest', 'absent', 'AgentAttestation']
    },
    exitCode: 3,
  },
  { what: 'an actor and a file name', command: 'config history', prepare: hostileHistory, exitCode: 0 },
  {
    what: 'an actor, for a program',
    command: 'config history',
    prepare: async (made) => ['--json', ...(await hostileHistory(made))],
    exitCode: 0,
  },
  {
    what: 'a store without history',
    command: 'config history',
    prepare: ({ file }) => {
      file(`${HOSTILE}/x`, '')
      return ['cluster', '--id', 'c-1', '--store', HOSTILE, 'Cluster']
    },
    exitCode: 0,
  },
  {
    what: 'a reason that is hostile',
    command: 'revoke add',
    prepare: (made) => {
      made.file(`store/clusters/c-1/Revocations.yaml`, HOSTILE_REVOCATIONS)
      return [...WHERE, '--node', 'n', '--for', '1h', '--reason', HOSTILE]
    },
    exitCode: 0,
  },
  {
    what: 'a node that is none',
    command: 'revoke add',
    prepare: () => [...WHERE, '--node', HOSTILE, '--for', '1h', '--reason', 'r'],
    exitCode: 1,
  },
  ...(
    [
      ['revoke list', WHERE],
      ['revoke prune', WHERE],
      ['revoke expire', [...WHERE, '--attribute', `k8s_token.issuer=${HOSTILE}`]],
      ['lock', ['--cluster', 'c-1', '--store', 'store', '--for', '1h', '--reason', HOSTILE]],
    ] as const
  ).map(([command, words]) => ({
    what: 'entries that are hostile',
    command,
    prepare: (made: Bench) => {
      made.file(`store/clusters/c-1/Revocations.yaml`, HOSTILE_REVOCATIONS)
      return words
    },
    exitCode: 0,
  })),
  {
    what: 'a lock that is hostile',
    command: 'unlock',
    prepare: (made) => {
      made.file(`store/clusters/c-1/Revocations.yaml`, HOSTILE_REVOCATIONS)
      return ['--cluster', 'c-1', '--store', 'store']
    },
    exitCode: 0,
  },
  {
    what: 'a version that does not compile',
    command: 'config rollback',
    prepare: async (made) => [
      ...(await hostileHistory(made, BROKEN[1])).slice(0, -1),
      '--to',
      (await computeDigest(encodeUtf8(BROKEN[1] ?? ''))).slice(7, 20),
      'AgentAttestation',
    ],
    exitCode: 1,
  },
  {
    what: 'a wrong document in the store',
    command: 'config status',
    prepare: ({ file }) => {
      file(`store/${KEY}.yaml`, BROKEN[1] ?? '')
      return WHERE
    },
    exitCode: 1,
  },
  {
    what: 'a wrong document, for a program',
    command: 'config status',
    prepare: ({ file }) => {
      file(`store/${KEY}.yaml`, BROKEN[1] ?? '')
      return ['--json', ...WHERE]
    },
    exitCode: 1,
  },
  {
    what: 'the status of a gateway',
    command: 'config status',
    session: true,
    prepare: () => gatewayStatus(200, { sections: [hostileSection()] }),
    exitCode: 1,
  },
  {
    what: 'the status of a gateway, for a program',
    command: 'config status',
    session: true,
    prepare: async () => ['--json', ...(await gatewayStatus(200, { sections: [hostileSection()] }))],
    exitCode: 1,
  },
  {
    what: 'the refusal of a gateway',
    command: 'config status',
    session: true,
    prepare: () => gatewayStatus(403, { code: HOSTILE, detail: HOSTILE }),
    exitCode: 4,
  },
  {
    what: 'the detail of a gateway that is no string',
    command: 'config status',
    session: true,
    prepare: () => gatewayStatus(500, { code: 'x', detail: [HOSTILE] }),
    exitCode: 4,
  },
  {
    what: 'the URL of a gateway',
    command: 'config status',
    session: true,
    prepare: () => ['cluster', '--id', 'c-1', '--gateway', `http://127.0.0.1:9/${HOSTILE}`],
    exitCode: 4,
  },
  {
    what: 'the clusters of a store',
    command: 'status',
    prepare: ({ file }) => {
      file(`store/${KEY}.yaml`, BROKEN[1] ?? '')
      return ['--all', '--store', 'store']
    },
    exitCode: 1,
  },
  {
    what: 'the clusters of a gateway',
    command: 'status',
    session: true,
    prepare: () => gatewayPage(200, hostilePage()),
    exitCode: 1,
  },
  {
    what: 'the clusters of a gateway, for a program',
    command: 'status',
    session: true,
    prepare: async () => ['--json', ...(await gatewayPage(200, hostilePage()))],
    exitCode: 1,
  },
  {
    what: 'the refusal of a list of clusters',
    command: 'status',
    session: true,
    prepare: () => gatewayPage(501, { code: HOSTILE, detail: HOSTILE }),
    exitCode: 4,
  },
  {
    what: 'names of a token',
    command: 'explain',
    prepare: async ({ file }) => [file(FILE, HOSTILE_POLICY), '--evidence', file('t', await hostileToken())],
    exitCode: 1,
  },
  {
    what: 'names of a token, for a program',
    command: 'explain',
    prepare: async ({ file }) => ['--json', file(FILE, HOSTILE_POLICY), '--evidence', file('t', await hostileToken())],
    exitCode: 1,
  },
  {
    what: 'the issuer of a token',
    command: 'explain',
    prepare: async ({ file }) => [
      file(FILE, HOSTILE_POLICY),
      '--evidence',
      file('t', await hostileToken({ iss: HOSTILE })),
    ],
    exitCode: 1,
  },
  {
    what: 'cases of policy tests',
    command: 'test',
    prepare: ({ file }) => {
      file('d.yaml', attestation())
      const recorded = { name: HOSTILE, login: { attributes: hostileAttributes() }, expect: { admit: 'first' } }
      const mapped = {
        name: `${HOSTILE}2`,
        map: { attributes: { 'kubernetes.pod.namespace': HOSTILE } },
        expect: { spiffeId: HOSTILE },
      }
      const head = { trustDomain: 'example.org', now: '2026-01-01T00:00:00Z', documents: ['d.yaml'] }
      return [file(FILE, yaml({ ...head, cases: [recorded, mapped] }))]
    },
    exitCode: 1,
  },
  {
    what: 'a file of policy tests that is not valid',
    command: 'test',
    prepare: ({ file }) => [file(FILE, yaml({ [HOSTILE]: HOSTILE, now: HOSTILE, cases: [{ name: HOSTILE }] }))],
    exitCode: 2,
  },
  {
    what: 'recorded logins',
    command: 'replay',
    prepare: ({ file }) => {
      const record = { v: 1, event: 'login', clusterId: 'c', outcome: 'admitted', policy: HOSTILE, status: 200 }
      const full = { ...record, time: HOSTILE, requestId: HOSTILE, attributes: hostileAttributes() }
      return ['--audience', HOSTILE, file(FILE, `${JSON.stringify(full)}\n${HOSTILE}`), file('d.yaml', attestation())]
    },
    exitCode: 1,
  },
  {
    what: 'recorded attributes',
    command: 'explain',
    prepare: ({ file }) => [
      file(FILE, HOSTILE_POLICY),
      '--attributes',
      file('r', JSON.stringify({ attributes: hostileAttributes() })),
    ],
    exitCode: 1,
  },
  {
    what: 'a body of no shape',
    command: 'explain',
    prepare: ({ file }) => [file(FILE, HOSTILE_POLICY), '--evidence', file('t', JSON.stringify({ [HOSTILE]: 1 }))],
    exitCode: 1,
  },
  {
    what: 'a wrong document',
    command: 'explain',
    prepare: async ({ file }) => [file(FILE, BROKEN[2] ?? ''), '--evidence', file('t', await hostileToken())],
    exitCode: 1,
  },
  {
    what: 'a document that admits nobody',
    command: 'explain',
    prepare: async ({ file }) => [file(FILE, BROKEN[4] ?? ''), '--evidence', file('t', await hostileToken())],
    exitCode: 2,
  },
  {
    what: 'a key set',
    command: 'explain',
    prepare: async ({ file }) => [
      file('d', HOSTILE_POLICY),
      '--evidence',
      file('t', await hostileToken()),
      '--jwks',
      file(FILE, JSON.stringify({ keys: [{ kty: HOSTILE, kid: HOSTILE }] })),
    ],
    exitCode: 1,
  },
  {
    what: 'a time',
    command: 'explain',
    prepare: async ({ file }) => [
      file(FILE, HOSTILE_POLICY),
      '--evidence',
      file('t', await hostileToken()),
      '--at',
      HOSTILE,
    ],
    exitCode: 2,
  },
  {
    what: 'names of a pod',
    command: 'map',
    prepare: ({ file }) => [...mapWhere(file), file(FILE, hostilePod())],
    exitCode: 1,
  },
  {
    what: 'names of a pod, for a program',
    command: 'map',
    prepare: ({ file }) => ['--json', ...mapWhere(file), file(FILE, hostilePod())],
    exitCode: 1,
  },
  {
    what: 'names of attributes',
    command: 'map',
    prepare: ({ file }) => [...mapWhere(file), file(FILE, JSON.stringify({ attributes: { [HOSTILE]: HOSTILE } }))],
    exitCode: 1,
  },
  {
    what: 'a container',
    command: 'map',
    prepare: ({ file }) => [...mapWhere(file), '--container', HOSTILE, file(FILE, JSON.stringify(pod()))],
    exitCode: 1,
  },
  {
    what: 'attributes of an agent',
    command: 'map',
    prepare: ({ file }) => [
      ...mapWhere(file),
      '--agent-attributes',
      file(FILE, JSON.stringify({ [HOSTILE]: HOSTILE })),
      file('p', JSON.stringify(pod())),
    ],
    exitCode: 2,
  },
  {
    what: 'a wrong document',
    command: 'map',
    prepare: ({ file }) => {
      file('c-1/SVIDIssuancePolicy.yaml', BROKEN[3] ?? '')
      return ['--cluster-config', 'c-1', '--trust-domain', 'example.org', file('p', JSON.stringify(pod()))]
    },
    exitCode: 1,
  },
  {
    what: 'values that evidence proves',
    command: 'map',
    prepare: ({ file }) => [...serverlessWhere(file), '--serverless', 'p', file(FILE, PROVED)],
    exitCode: 1,
  },
  {
    what: 'values that evidence proves, for a program',
    command: 'map',
    prepare: ({ file }) => ['--json', ...serverlessWhere(file), '--serverless', 'p', file(FILE, PROVED)],
    exitCode: 1,
  },
  {
    what: 'a policy of ServerlessAttestation',
    command: 'map',
    prepare: ({ file }) => [...serverlessWhere(file), '--serverless', HOSTILE, file(FILE, PROVED)],
    exitCode: 2,
  },
  {
    what: 'a directory',
    command: 'map',
    prepare: () => ['--cluster-config', HOSTILE, '--trust-domain', 'example.org', 'p'],
    exitCode: 2,
  },
  {
    what: 'a trust domain',
    command: 'map',
    prepare: () => ['--cluster-config', 'c-1', '--trust-domain', HOSTILE, 'p'],
    exitCode: 2,
  },
]

const PROVED = JSON.stringify({ 'k8s_token.namespace': HOSTILE })

function serverlessWhere(file: Bench['file']): readonly string[] {
  const requiredAttestors = [{ type: 'k8s_token', config: { issuerURL: ISSUER } }]
  const svidPolicy = {
    pathTemplate: '/{{k8s_token.namespace}}',
    jwt: { additionalClaims: { a: '{{k8s_token.namespace}}' } },
  }
  const spec = { policies: [{ name: 'p', requiredAttestors, svidPolicy }] }
  file('c-1/ServerlessAttestation.yaml', yaml({ section: 'ServerlessAttestation', schema: 'v1', spec }))
  return ['--cluster-config', 'c-1', '--trust-domain', 'example.org']
}

function mapWhere(file: Bench['file']): readonly string[] {
  const claims = { a: '{{kubernetes.pod.label[app]}}', b: '{{kubernetes.pod.annotation[x]}}' }
  const spec = {
    policy: { pathTemplate: '/{{kubernetes.pod.service_account}}', jwt: { additionalClaims: claims } },
    policyOverrides: [
      { when: { 'kubernetes.pod.label.app': HOSTILE, 'kubernetes.pod.namespace': HOSTILE }, policy: {} },
    ],
  }
  file('c-1/SVIDIssuancePolicy.yaml', yaml({ section: 'SVIDIssuancePolicy', schema: 'v1', spec }))
  return ['--cluster-config', 'c-1', '--trust-domain', 'example.org']
}

function hostilePod(): string {
  return JSON.stringify(pod()).replaceAll('"web"', JSON.stringify(HOSTILE))
}

async function hostileToken(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const claims = serviceAccountClaims(START_MILLIS / 1000, {
    iss: ISSUER,
    aud: [HOSTILE],
    sub: `system:serviceaccount:n:${HOSTILE.replaceAll(':', '')}`,
    'kubernetes.io': { namespace: 'n', serviceaccount: { name: HOSTILE.replaceAll(':', '') }, node: { name: HOSTILE } },
    ...change,
  })
  return signClaims(await createSigningKey('k'), claims)
}

function hostileAttributes(): readonly object[] {
  const values = { issuer: ISSUER, namespace: 'n', 'service_account.name': 'a', 'node.name': HOSTILE }
  return Object.entries(values).map(([name, value]) => ({ origin: 'k8s_token', name: `k8s_token.${name}`, value }))
}

/** A record whose actor is hostile, as any hand may have put it into the store; yields the words of `config history`. */
async function hostileHistory({ file }: Bench, text = attestation()): Promise<readonly string[]> {
  const digest = await computeDigest(encodeUtf8(text))
  const time = '2026-01-01T00:00:01.000Z'
  const record = { v: 1, action: 'set', key: KEY, time, actor: HOSTILE, digest, text }
  file(`store/history/${KEY}/${time}-${digest}.yaml`, JSON.stringify(record))
  file(`store/history/${KEY}/${HOSTILE}.yaml`, JSON.stringify(record))
  return [...WHERE, 'AgentAttestation']
}

function hostileSection(): object {
  const issue = { code: HOSTILE, path: HOSTILE, line: 1, column: 1, message: HOSTILE }
  const [desiredDigest, appliedDigest, appliedAt] = [HOSTILE, `b${HOSTILE}`, HOSTILE]
  return {
    section: HOSTILE,
    health: 'UNHEALTHY',
    stored: 'present',
    stale: true,
    desiredDigest,
    appliedDigest,
    appliedAt,
    issues: [issue],
    warnings: [issue],
  }
}

/** The words that ask a gateway which answers so. */
async function gatewayPage(status: number, body: object): Promise<readonly string[]> {
  return ['--all', ...(await gatewayStatus(status, body)).slice(3)]
}

function hostilePage(): object {
  const { issues, warnings, ...section } = hostileSection() as {
    issues: readonly object[]
    warnings: readonly object[]
  }
  const summary = { ...section, errors: issues.length, warnings: warnings.length, issue: issues[0] }
  return { clusters: [{ clusterId: HOSTILE, health: 'UNHEALTHY', sections: [summary] }] }
}

async function gatewayStatus(status: number, body: object): Promise<readonly string[]> {
  const server = createServer((_request, response) => response.writeHead(status).end(JSON.stringify(body)))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return ['cluster', '--id', 'c-1', '--gateway', `http://127.0.0.1:${(server.address() as AddressInfo).port}`]
}

function expectHarmless({ out, err }: Called): void {
  for (const printed of [out, err]) {
    expect(hostileIn(printed, [TAB, LINE_FEED])).toEqual([])
    expect(printed.split('\n').filter((line) => line.startsWith('FORGED'))).toEqual([])
  }
}

describe('text from outside', () => {
  it('is tried on every command', () => {
    expect(new Set(CASES.map(({ command }) => command))).toEqual(new Set(commandTree().map(({ name }) => name)))
  })

  it.each(CASES)('steers no terminal: $command, $what', async ({ command, prepare, exitCode, session }) => {
    const environment = {
      USER: 'ann',
      TRUST_DOMAIN: 'example.org',
      ...(session === true ? { POSTERN_SESSION: 'a.b.c' } : {}),
    }
    const made = bench({ environment, fetch })
    const called = await made.call(...command.split(' '), ...(await prepare(made)))
    expectHarmless(called)
    expect(called.exitCode).toBe(exitCode)
    expect(called.out + called.err).not.toBe('')
  })

  const SUGGESTED = `x\n(Did you mean FORGED?)\nFORGED`
  it.each([
    [[HOSTILE]],
    [['config', HOSTILE]],
    [[HOSTILE, '--help']],
    [['help', HOSTILE]],
    [['config', 'get', HOSTILE]],
    [['config', 'get', 'cluster', HOSTILE, HOSTILE, HOSTILE]],
    [['config', 'get', `--${HOSTILE}=${HOSTILE}`]],
    [['config', 'get', '--id', `-${HOSTILE}`]],
    [[SUGGESTED]],
    [[`--${SUGGESTED}`]],
  ])('steers no terminal as words: %j', async (words) => {
    expectHarmless(await bench().call(...words))
  })

  it('is not read by a program as something else', async () => {
    const made = bench({ environment: { POSTERN_SESSION: 'a.b.c' }, fetch })
    const { out } = await made.call(
      'config',
      'status',
      '--json',
      ...(await gatewayStatus(200, { sections: [hostileSection()] })),
    )
    expect(JSON.parse(out).sections).toEqual([hostileSection()])
  })

  it('is what it is where bytes are asked for', async () => {
    const made = bench()
    made.file(`store/${KEY}.yaml`, `# ${STEER}\n`)
    expect((await made.call('config', 'get', ...WHERE, 'AgentAttestation')).out).toBe(`# ${STEER}\n`)
  })

  it.each<[string, unknown]>([
    ['the error of wrangler', { stderr: new TextEncoder().encode(`banner\n\u001b[31mX [ERROR] ${STEER}no\nmore`) }],
    ['how wrangler ended', new Error(HOSTILE)],
    ['something else', HOSTILE],
  ])('steers no terminal: %s', (_what, cause) => {
    expect(hostileIn(describeWranglerFailure(cause))).toEqual([])
    expect(describeWranglerFailure(cause)).not.toBe('')
  })
})
