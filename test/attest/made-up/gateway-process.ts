// Starts `serve-made-up.ts` as a process of its own, and talks to it as agents, issuers and operators do: by HTTP, by
// documents in its store, and by the lines that it writes. Whatever it answers is held against its own description.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { readDevelopmentSettings } from '../../../src/cli/keys/dev-environment.ts'
import { findUndescribed, type OpenApi } from '../../openapi-answer.ts'
import type { Attested } from './agents.ts'

/** As it is set; nothing asks at that port. */
export const ISSUER_URL = 'http://127.0.0.1:8787'

type Members = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Members & { readonly code?: string }
  /** Codes of the refusals of evidence. */
  readonly codes: readonly string[]
  /** The audit record of the request. */
  readonly record: () => Promise<Members>
}

export interface GatewayProcess {
  readonly url: string
  readonly settings: Readonly<Record<string, string>>
  /** Puts a document; its section is the last word of its key. */
  put(key: string, spec: unknown): void
  /** Puts an `AgentAttestation` with one policy, `p`. */
  putPolicy(clusterId: string, requiredAttestors: readonly unknown[], more?: object): void
  file(key: string): string
  post(path: string, body: unknown, bearer?: string): Promise<Answer>
  get(path: string, bearer?: string): Promise<Answer>
  login(clusterId: string | undefined, ...attestations: readonly Attested[]): Promise<Answer>
  /** Sets the clock of the gateway ahead of the real one. */
  setAhead(millis: number): Promise<void>
  /** All that it has written. */
  output(): string
  stop(): Promise<void>
}

/** `change` replaces settings; an empty string takes one out. */
export async function startGateway(change: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-made-up-'))
  const store = join(folder, 'store')
  mkdirSync(store)
  const settings = { ...(await readDevelopmentSettings(folder, ISSUER_URL)), ...change }
  const script = new URL('serve-made-up.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, store], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const ended = new Promise<void>((end) => child.once('exit', () => end()))
  let output = ''
  let said = ''
  let waiting: (() => void)[] = []
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  })
  const url = await new Promise<string>((ready, fail) => {
    void ended.then(() => fail(new Error(said)))
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /^listening on (\S+)$/m.exec(said)?.[1]
      if (found !== undefined) ready(found)
    })
  })

  async function findRecord(requestId: unknown): Promise<Members> {
    for (;;) {
      const line = output.split('\n').find((one) => one.endsWith('}') && one.includes(`"requestId":"${requestId}"`))
      if (line !== undefined) return JSON.parse(line) as Members
      await new Promise<void>((wake) => waiting.push(wake))
    }
  }

  let api: OpenApi | undefined
  async function ask(path: string, init: RequestInit): Promise<Answer> {
    api ??= (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
    const response = await fetch(`${url}${path}`, init)
    const { status, headers } = response
    const text = await response.text()
    const undescribed = findUndescribed(api, { method: init.method ?? 'GET', path }, { status, headers, text })
    if (undescribed.length > 0) throw new Error(`/openapi.json does not describe an answer: ${undescribed.join('\n')}`)
    const body = JSON.parse(text) as Answer['body']
    const refusals = (body['refusals'] ?? []) as readonly { readonly code: string }[]
    const requestId = headers.get('X-Request-Id')
    return { status, headers, body, codes: refusals.map(({ code }) => code), record: () => findRecord(requestId) }
  }

  const file = (key: string): string => join(store, `${key}.yaml`)
  function put(key: string, spec: unknown): void {
    mkdirSync(dirname(file(key)), { recursive: true })
    writeFileSync(file(key), JSON.stringify({ section: key.split('/').at(-1), schema: 'v1', spec }))
  }
  const bearing = (bearer: string | undefined): Readonly<Record<string, string>> =>
    bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }
  function post(path: string, body: unknown, bearer?: string): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', ...bearing(bearer) }
    return ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  return {
    url,
    settings,
    put,
    putPolicy: (clusterId, requiredAttestors, more = {}) =>
      put(`clusters/${clusterId}/AgentAttestation`, { policies: [{ name: 'p', requiredAttestors, ...more }] }),
    file,
    post,
    get: (path, bearer) => ask(path, { headers: bearing(bearer) }),
    login: (clusterId, ...attestations) => post(`${placeOf(clusterId)}/login`, { attestations }),
    setAhead: (millis) =>
      new Promise((done) => {
        child.once('message', () => done())
        child.send(millis)
      }),
    output: () => output,
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Where an agent of the cluster logs in, or an issuer. */
export function placeOf(clusterId: string | undefined): string {
  return clusterId === undefined ? '/v1/trust-domain' : `/v1/clusters/${clusterId}`
}
