// The tool with made-up attestors, as a process of its own: what it says of documents and of evidence, and what it stores.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../../token/issuer.ts'
import { type Attested, type Device, makeDevice, regionNoteOf, ticketOf } from './agents.ts'
import { makeCertificate } from './certificate.ts'

const TOOL = new URL('tool-made-up.ts', import.meta.url).pathname
const ISSUER = 'https://ci.example.com'

let folder: string
let device: Device
let key: SigningKey
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-tool-'))
  mkdirSync(join(folder, 'store'))
  ;[device, key] = await Promise.all([makeDevice(), createSigningKey('key-1')])
  file('keys.json', { keys: [key.publicJwk] })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function tool(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [TOOL, ...args], {
    cwd: folder,
    // What one run has read of the tool the next one need not compile.
    env: { ...process.env, TRUST_DOMAIN: 'example.org', USER: 'ann', NODE_COMPILE_CACHE: join(folder, 'compiled') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((end) => child.once('close', end))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, out, err }
}

function file(name: string, content: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(content))
  return name
}

function section(name: string, spec: unknown, of = 'AgentAttestation'): string {
  return file(name, { section: of, schema: 'v1', spec })
}

type Config = Readonly<Record<string, unknown>>
const required = (type: string, config: Config): object => ({ type, config })
const build = (config: Config = {}): object =>
  required('build_token', { issuerURL: ISSUER, repository: 'acme/site', ...config })
const proof = (config: Config = {}): object => required('key_proof', { key: device.key, ...config })
const ask = (config: Config = {}): object =>
  required('webhook', { desk: 'changes', url: 'https://desk.example.com/', ...config })

function policies(name: string, requiredAttestors: readonly object[], more: object = {}): string {
  return section(name, { policies: [{ name: 'p', requiredAttestors, ...more }] })
}

type Issue = { readonly code: string; readonly path: string }

interface Listed {
  readonly files: readonly { readonly issues: readonly Issue[]; readonly warnings: readonly Issue[] }[]
}

/** `code path` of each finding, by file. */
async function findingsIn(...names: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { out } = await tool('config', 'validate', '--json', ...names)
  const { files } = JSON.parse(out) as Listed
  return files.map(({ issues, warnings }) => [...issues, ...warnings].map(({ code, path }) => `${code} ${path}`))
}

describe('config validate', () => {
  it('passes documents of made-up attestors', async () => {
    const all = policies('all.yaml', [build(), { type: 'region_note' }, proof(), ask()], {
      conditions: [{ expression: 'build_token.ref == "refs/heads/main" && key_proof.purpose == "deploy"' }],
    })
    const templates = section(
      'templates.yaml',
      { policy: { pathTemplate: '/{{region_note.region}}/{{key_proof.purpose}}/{{kubernetes.pod.namespace}}' } },
      'SVIDIssuancePolicy',
    )
    const [json, words] = await Promise.all([
      tool('config', 'validate', '--json', all, templates),
      tool('config', 'validate', all),
    ])
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      0,
      { valid: true, files: [{ issues: [] }, { valid: true }] },
    ])
    expect([words.code, words.err]).toEqual([0, ''])
    expect(words.out).toMatch(/^all\.yaml: valid/)
  })

  it('tells what is wrong with them, and where', async () => {
    const cases: readonly (readonly [issue: string, attestors: readonly object[], expression?: string])[] = [
      ['field_unknown requiredAttestors[0].config.repositry', [build({ repositry: 'x' })]],
      ['value_empty requiredAttestors[0].config.refs', [build({ refs: [] })]],
      ['value_invalid requiredAttestors[0].config.key.x', [proof({ key: { ...device.key, x: 'A' } })]],
      ['field_missing requiredAttestors[0].config', [{ type: 'key_proof' }]],
      ['url_forbidden requiredAttestors[1].config.url', [build(), ask({ url: 'https://10.0.0.1/' })]],
      ['url_forbidden requiredAttestors[0].config.issuerURL', [build({ issuerURL: 'https://ci.internal' })]],
      ['call_out_alone requiredAttestors', [ask()]],
      ['attestor_duplicate requiredAttestors[1].type', [proof(), proof()]],
      ['attestor_unknown requiredAttestors[0].type', [required('key_prof', {})]],
      ['trust_unscoped requiredAttestors[0]', [build({ repository: undefined })]],
      ['attribute_unknown conditions[0].expression', [build()], 'build_token.repo == "x"'],
      // Of an attestor that is not required, and of one that is asked after the conditions.
      ['attribute_surface_forbidden conditions[0].expression', [build()], 'key_proof.purpose == "x"'],
      ['attribute_surface_forbidden conditions[0].expression', [build(), ask()], 'webhook.change == "x"'],
    ]
    const names = cases.map(([, attestors, expression], at) =>
      policies(`wrong-${at}.yaml`, attestors, expression === undefined ? {} : { conditions: [{ expression }] }),
    )
    const found = await findingsIn(...names)
    expect(found).toEqual(cases.map(([issue]) => [issue.replace(' ', ' spec.policies[0].')]))
  })

  it('says what only the attestor knows', async () => {
    const { out } = await tool('config', 'validate', policies('words.yaml', [build({ repository: undefined })]))
    expect(out).toContain('jobs of every repository could log in')
    expect(out).toContain('set repository')
  })

  it('asks for exact pins where issuers log in', async () => {
    const attestors = [build({ repository: undefined })]
    const name = section('issuers.yaml', { requiredAttestors: attestors }, 'TrustDomainServerAttestation')
    expect(await findingsIn(name)).toEqual([['pin_missing spec.requiredAttestors[0].config']])
  })

  it('holds templates against the attestors of the cluster', async () => {
    const templates = section(
      'lonely.yaml',
      { policy: { pathTemplate: '/{{key_proof.purpose}}/x' } },
      'SVIDIssuancePolicy',
    )
    expect(await findingsIn(policies('built.yaml', [build()]), templates)).toEqual([
      [],
      ['attribute_not_enabled spec.policy.pathTemplate'],
    ])
  })
})

describe('config set', () => {
  it('stores a document of made-up attestors, and no bad one', async () => {
    const into = ['config', 'set', 'cluster', '--id', 'c-1', '--store', 'store']
    const stored = join(folder, 'store/clusters/c-1/AgentAttestation.yaml')
    const bad = await tool(...into, policies('bad.yaml', [ask()]))
    expect([bad.code, existsSync(stored)]).toEqual([1, false])
    const good = await tool(...into, policies('good.yaml', [build(), ask()]))
    expect([good.code, existsSync(stored)]).toEqual([0, true])
  })
})

interface Explained {
  readonly verdict: { readonly kind: string; readonly policy?: string; readonly answer?: object }
  readonly policies: readonly {
    readonly state: string
    readonly attestors: readonly {
      readonly type: string
      readonly checks: readonly { readonly name: string; readonly state: string; readonly code?: string }[]
    }[]
    readonly conditions: readonly { readonly holds: boolean }[]
  }[]
}

describe('explain --evidence', () => {
  async function tokenOf(change: Config = {}): Promise<Attested> {
    const build = {
      iss: ISSUER,
      sub: 'job',
      repository: 'acme/site',
      ref: 'refs/heads/main',
      'kubernetes.io': undefined,
    }
    const claims = serviceAccountClaims(Math.floor(Date.now() / 1000), { ...build, ...change })
    return { type: 'build_token', evidence: { token: await signClaims(key, claims) } }
  }
  async function proofOf(): Promise<Attested> {
    return device.proves(
      { challenge: 'sealed', receipt: 'r' },
      { issuerUrl: 'https://login.example.org', role: 'agent' },
    )
  }

  async function explain(
    document: string,
    attestations: readonly Attested[],
    ...flags: readonly string[]
  ): Promise<Ran & { readonly json: () => Explained }> {
    const evidence = file(`${document}.evidence.json`, { attestations })
    const ran = await tool('explain', '--evidence', evidence, ...flags, document)
    return { ...ran, json: () => JSON.parse(ran.out) as Explained }
  }

  it('admits by keys that are given, check by check', async () => {
    const document = policies('keys.yaml', [build({ refs: ['refs/heads/main'] })])
    const evidence = await tokenOf()
    const { code, json, out } = await explain(document, [evidence], '--jwks', 'keys.json', '--json')
    expect([code, json().verdict]).toEqual([0, { kind: 'admitted', policy: 'p', earlier: [] }])
    const [attestor] = json().policies[0]?.attestors ?? []
    expect(attestor?.checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'form passed',
      'issuer passed',
      'times passed',
      'audience passed',
      'key passed',
      'signature passed',
      'lifetime passed',
      'repository passed',
      'refs passed',
    ])
    expect(out).not.toContain(String(evidence.evidence['token']).split('.')[2])
  })

  it('refuses by a pin, and shows it', async () => {
    const document = policies('pins.yaml', [build()])
    const { code, out } = await explain(document, [await tokenOf({ repository: 'acme/other' })], '--jwks', 'keys.json')
    expect(code).toBe(1)
    expect(out).toMatch(/✗ repository +acme\/other; expected acme\/site \(condition_failed\)/)
    expect(out).toMatch(/^refused: 403 login_refused/m)
  })

  it('leaves open what keys would decide, and asks for them', async () => {
    const { code, out } = await explain(policies('open.yaml', [build()]), [await tokenOf()])
    expect(code).toBe(3)
    expect(out).toContain('--jwks')
  })

  it('leaves open what a section would decide', async () => {
    const note = regionNoteOf(makeCertificate('us-east-1'))
    const document = policies('section.yaml', [{ type: 'region_note' }])
    const [json, words] = await Promise.all([explain(document, [note], '--json'), explain(document, [note])])
    expect([json.code, json.json().verdict.kind]).toEqual([3, 'undecided'])
    expect(json.json().policies[0]?.attestors[0]?.checks).toMatchObject([
      { name: 'verification', state: 'unknown', code: 'section_unavailable' },
    ])
    expect(words.out).toContain('AWSCertificates')
    expect(words.out).not.toContain('--jwks')
    expect(words.out).not.toContain('ignored')
  })

  it('leaves open what only the gateway can open, and refuses evidence without a challenge', async () => {
    const document = policies('challenge.yaml', [proof()])
    const proved = await proofOf()
    const { challenge: _, ...bare } = proved
    const sent = await explain(document, [proved], '--json')
    expect([sent.code, sent.json().verdict.kind]).toEqual([3, 'undecided'])
    expect(sent.json().policies[0]?.attestors[0]?.checks).toMatchObject([{ name: 'challenge', state: 'unknown' }])
    const without = await explain(document, [bare], '--json')
    expect([without.code, without.json().verdict]).toMatchObject([
      1,
      { kind: 'refused', answer: { status: 401 }, refusals: [{ refusal: { code: 'challenge_missing' } }] },
    ])
  })

  it('asks nobody, and shows the conditions that come before', async () => {
    const holds = policies('holds.yaml', [build(), ask()], {
      conditions: [{ expression: 'build_token.ref.endsWith("main")' }],
    })
    const evidence = [await tokenOf(), ticketOf()]
    const open = await explain(holds, evidence, '--jwks', 'keys.json', '--json')
    expect([open.code, open.json().verdict.kind]).toEqual([3, 'undecided'])
    expect(open.json().policies).toMatchObject([
      {
        state: 'undecided',
        attestors: [{ type: 'build_token' }, { type: 'webhook', checks: [{ name: 'call-out', state: 'unknown' }] }],
        conditions: [{ holds: true }],
      },
    ])
    const fails = policies('fails.yaml', [build(), ask()], { conditions: [{ expression: 'build_token.ref == "x"' }] })
    const closed = await explain(fails, evidence, '--jwks', 'keys.json', '--json')
    expect([closed.code, closed.json().verdict.kind]).toEqual([1, 'refused'])
    expect(closed.json().policies).toMatchObject([{ state: 'not_satisfied', conditions: [{ holds: false }] }])
  })
})

describe('explain --attributes', () => {
  const recorded = (origin: string, values: Readonly<Record<string, string>>): readonly object[] =>
    Object.entries(values).map(([name, value]) => ({ origin, name: `${origin}.${name}`, value }))

  it('holds what a login has proved against another document', async () => {
    const attributes = [
      ...recorded('build_token', { issuer: ISSUER, repository: 'acme/site', ref: 'refs/heads/main' }),
      ...recorded('region_note', { region: 'us-east-1', account: '7' }),
      ...recorded('key_proof', { thumbprint: device.thumbprint, purpose: 'deploy' }),
    ]
    const name = file('login.json', { attributes })
    const account = (account: string): object => required('region_note', { accounts: [account] })
    const [same, other] = await Promise.all([
      tool('explain', '--attributes', name, '--json', policies('same.yaml', [build(), account('7'), proof()])),
      tool('explain', '--attributes', name, '--json', policies('other.yaml', [build(), account('8'), proof()])),
    ])
    expect([same.code, JSON.parse(same.out)]).toMatchObject([0, { verdict: { kind: 'admitted', policy: 'p' } }])
    expect([other.code, JSON.parse(other.out)]).toMatchObject([
      1,
      {
        verdict: {
          kind: 'refused',
          refusals: [{}, { type: 'region_note', refusal: { code: 'condition_failed' } }, {}],
        },
      },
    ])
  })

  it('does not make up what a call-out was asked', async () => {
    const name = file('asked.json', { attributes: recorded('webhook', { change: 'CHG-7' }) })
    const { code, err } = await tool('explain', '--attributes', name, policies('asked.yaml', [build(), ask()]))
    expect([code, err]).toEqual([2, expect.stringContaining('webhook')])
  })
})
