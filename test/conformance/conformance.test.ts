// The conformance list: for every route and every refusal code a request, sent to a process of each host, which is answered
// alike and as the description of the interface says. A code that no row reaches fails here.
import { mkdirSync, openSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { REFUSALS } from '../../src/core/refusal.ts'
import { findUndescribed, type OpenApi } from '../openapi-answer.ts'
import { installPacked } from '../package/packed.ts'
import { type Host, type HostOptions, startHost } from './hosts.ts'
import { CLAIM_ROWS } from './list/claim-rows.ts'
import { type Counterparts, openCounterparts } from './list/counterparts.ts'
import { idOf, rowDocuments, trustDomain } from './list/documents.ts'
import { EXTENSION_ROWS } from './list/extension-rows.ts'
import {
  ANONYMOUS_PER_MINUTE,
  LISTED_ROWS,
  MUTE_ROWS,
  UNREACHABLE_ROWS,
  UNREADABLE,
  UNSEALED_DOCUMENTS,
  UNSEALED_ROWS,
} from './list/fault-rows.ts'
import { HOST_NAME_ROWS } from './list/host-name-rows.ts'
import { HOST_ROWS } from './list/host-rows.ts'
import { MAPPING_ROWS } from './list/mapping-rows.ts'
import { type Answer, type At, LIST_HOSTS, type ListHost, type Row, type Sent, tell } from './list/row.ts'
import { SERVERLESS_ROWS } from './list/serverless-rows.ts'
import { SESSION_ROWS } from './list/session-rows.ts'
import { TOKEN_ROWS } from './list/token-rows.ts'
import { TPM_ROWS } from './list/tpm-rows.ts'
import { UNREACHED } from './list/unreached.ts'
import { SCENARIOS, documents as scenarioDocuments } from './scenarios.ts'

const MAIN_ROWS = [
  ...TOKEN_ROWS,
  ...CLAIM_ROWS,
  ...HOST_ROWS,
  ...TPM_ROWS,
  ...EXTENSION_ROWS,
  ...HOST_NAME_ROWS,
  ...SESSION_ROWS,
  ...MAPPING_ROWS,
  ...SERVERLESS_ROWS,
]

let world: Counterparts
let cluster: StandInCluster
let folder: string
beforeAll(async () => {
  world = await openCounterparts()
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  folder = await installPacked(['redis'])
})
afterAll(async () => {
  for (const host of running) await host.stop()
  rmSync(folder, { recursive: true, force: true })
  await cluster.close()
  await world.stop()
})

/** By row, what each host answered: without what differs by the time, the port and chance. */
const answers = new Map<string, Map<ListHost, string>>()
const reached = new Set<string>()
const routes = new Set<string>()
let api: OpenApi | undefined

async function start(
  name: ListHost,
  documents: Readonly<Record<string, string>>,
  options: HostOptions = {},
): Promise<Host> {
  // Workers take no such setting, and a gateway in development lists loopback.
  const networks = name === 'workerd' ? {} : { HTTP_DNS_NETWORKS: '127.0.0.0/8' }
  const change = { ...world.secrets, ...networks, ...options.change }
  if (name !== 'package') return startHost(name, documents, { ...options, change })
  const program = join(folder, 'node_modules/postern/dist/cli/postern.js')
  return startHost('node', documents, { ...options, change, program })
}

/** Sends what a row sends, notes the answer, and holds it to the description that the process itself gives. */
async function put(
  name: ListHost,
  row: string,
  url: string,
  { path, init = {} }: Sent,
): Promise<{ readonly status: number; readonly answer: Answer }> {
  api ??= (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi
  const response = await fetch(url + path, init)
  const { status, headers } = response
  const text = await response.text()
  const answer = JSON.parse(text) as Answer
  const method = init.method ?? 'GET'
  expect(findUndescribed(api, { method, path }, { status, headers, text })).toEqual([])
  note(name, row, status, text, answer)
  for (const [template, operations] of Object.entries(api.paths))
    if (new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?')[0] ?? ''))
      if (operations[method.toLowerCase()] !== undefined) routes.add(`${method} ${template}`)
  return { status, answer }
}

function note(name: ListHost, row: string, status: number, text: string, answer: Answer): void {
  for (const word of tell(status, answer).split(' ')) reached.add(word)
  const byHost = answers.get(row) ?? new Map<ListHost, string>()
  byHost.set(name, `${status} ${maskAnswer(text)}`)
  answers.set(row, byHost)
}

function maskAnswer(text: string): string {
  return (
    text
      .replace(/"eyJ[\w.-]+"/g, '"JWT"')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUIDv7')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
      .replace(/("(?:challenge|credential|nonce)":)"[^"]+"/g, '$1"RANDOM"')
      .replace(/("(?:iat|exp)":)\d+/g, '$1TIME')
      .replace(/(lifetime of|expired) [\w ]+( is longer| ago)/g, '$1 A WHILE$2')
      .replace(/("(?:forSeconds|checkedSecondsAgo)":)\d+/g, '$1SECONDS')
      .replace(/(valid for another|was issued) \d+ (?:min|s)\b/g, '$1 A WHILE')
      // The store of used evidence is each host's own.
      .replace(/"replay":\{[^}]*\}/, '"replay":{}')
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'ADDRESS')
  )
}

function runRows(name: ListHost, rows: readonly Row[], url: () => string): void {
  for (const [index, row] of rows.entries()) {
    if (row.except?.hosts.includes(name)) continue
    it.skipIf(row.isSkipped === true)(row.name, async () => {
      const at: At = {
        url: url(),
        id: idOf(index),
        world,
        ask: async ({ path, init }) => (await (await fetch(url() + path, init)).json()) as Answer,
      }
      const { status, answer } = await put(name, row.name, at.url, await row.send(at))
      expect(tell(status, answer)).toBe(row.told)
    })
  }
}

/** A process of the host, its rows, and tests besides. */
function describeGateway(
  name: ListHost,
  what: string,
  rows: readonly Row[],
  open: () => Promise<Host>,
  besides: (host: () => Host) => void = () => undefined,
): void {
  describe(what, () => {
    let host: Host
    beforeAll(async () => {
      host = await open()
      running.add(host)
    })
    afterAll(async () => {
      // The one that waits for a body is asked for its answer last.
      if (waiting.get(name)?.host !== host) await stop(host)
    })
    runRows(name, rows, () => host.url)
    besides(() => host)
  })
}

const running = new Set<Host>()
async function stop(host: Host): Promise<void> {
  running.delete(host)
  await host?.stop()
}
/** By host, the answer to a body of which half never arrives: it takes ten seconds, during which the rest goes on. */
const waiting = new Map<ListHost, { readonly host: Host; readonly answer: Promise<string> }>()

async function sendHalf(url: string): Promise<string> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  const head = `POST /v1/clusters/${idOf(0)}/login HTTP/1.1\r\nHost: ${host}`
  socket.write(`${head}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`)
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.includes('}')) break
  }
  socket.destroy()
  return text
}

describe.each(LIST_HOSTS)('on %s', (name) => {
  describeGateway(name, 'a gateway in order', MAIN_ROWS, async () => {
    const host = await start(name, { ...trustDomain(world), ...rowDocuments(MAIN_ROWS, world) })
    waiting.set(name, { host, answer: sendHalf(host.url) })
    return host
  })

  describeGateway(
    name,
    'a gateway with a list of clusters',
    LISTED_ROWS,
    () => start(name, { ...scenarioDocuments(cluster.issuer), ...rowDocuments(LISTED_ROWS, world) }),
    (host) => {
      it.each(SCENARIOS)('$name', async ({ name: row, request, expected }) => {
        const ask = async (path: string, init: RequestInit) => (await fetch(host().url + path, init)).json()
        const { status, answer } = await put(name, row, host().url, await request(cluster, ask))
        const { code, reason, refusals, body = {} } = expected
        expect(status).toBe(expected.status)
        expect(answer).toMatchObject({
          ...(code === undefined ? {} : { code }),
          ...(reason === undefined ? {} : { reason }),
          ...(refusals === undefined ? {} : { refusals: refusals.map((one) => ({ code: one })) }),
        })
        expect(answer).toMatchObject(body)
      })
    },
  )

  describeGateway(
    name,
    'a gateway without keys to seal with',
    UNSEALED_ROWS,
    () => {
      const documents = { ...trustDomain(world), ...rowDocuments(UNSEALED_ROWS, world), ...UNSEALED_DOCUMENTS }
      return start(name, documents, {
        change: { SEAL_KEYS: undefined, ANONYMOUS_PER_MINUTE: `${ANONYMOUS_PER_MINUTE}` },
      })
    },
    (host) => {
      if (name !== 'workerd') return
      it('a request for another host, while ISSUER_URL is on loopback', async () => {
        const { hostname, port } = new URL(host().url)
        const text = await new Promise<string>((ended, failed) => {
          const headers = { Host: 'login.example.org' }
          const sent = httpRequest({ hostname, port, path: '/healthz', headers }, async (got) => {
            const chunks: Buffer[] = []
            for await (const chunk of got) chunks.push(chunk as Buffer)
            ended(`${got.statusCode} ${Buffer.concat(chunks)}`)
          })
          sent.on('error', failed).end()
        })
        const body = text.slice(4)
        note(name, 'a request for another host', Number(text.slice(0, 3)), body, JSON.parse(body))
        expect([text.slice(0, 3), JSON.parse(body).code]).toEqual(['503', 'settings_invalid'])
      })
    },
  )
  if (name === 'workerd') return

  describeGateway(
    name,
    'a gateway whose stores cannot be reached',
    UNREACHABLE_ROWS,
    async () => {
      const { 'trust-domain/AWSCertificates': _made, ...issuers } = trustDomain(world)
      // Port 1 is that of nobody.
      const options = { change: { REPLAY_URL: 'redis://127.0.0.1:1' }, ready: '/healthz' }
      const host = await start(name, { ...issuers, ...rowDocuments(UNREACHABLE_ROWS, world) }, options)
      for (const path of UNREADABLE) mkdirSync(join(host.folder, 'store', path), { recursive: true })
      return host
    },
    (host) => {
      it('a question of the balancer, once it is told to end', async () => {
        process.kill(host().pid, 'SIGTERM')
        await expect
          .poll(async () => (await put(name, 'once it is told to end', host().url, { path: '/readyz' })).answer.code)
          .toBe('gateway_draining')
      })
    },
  )

  describeGateway(name, 'a gateway whose standard output is full', MUTE_ROWS, () =>
    start(
      name,
      { ...trustDomain(world), ...rowDocuments(MUTE_ROWS, world) },
      {
        stdout: openSync('/dev/full', 'w'),
        ready: '/healthz',
      },
    ),
  )
})

describe('a body that does not arrive', () => {
  it.each(LIST_HOSTS)('on %s', async (name) => {
    const text = (await waiting.get(name)?.answer) ?? ''
    const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? []
    const body = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)
    note(name, 'a body that does not arrive', Number(status), body, JSON.parse(body))
    expect([status, JSON.parse(body).code]).toEqual(['408', 'request_timeout'])
  })
})

describe('the list', () => {
  const ALL = [...MAIN_ROWS, ...UNSEALED_ROWS, ...UNREACHABLE_ROWS, ...MUTE_ROWS, ...LISTED_ROWS]

  it('reaches every code, but for those of which it says why not', () => {
    const codes = Object.keys(REFUSALS)
    expect(codes.filter((code) => reached.has(code) === Object.hasOwn(UNREACHED, code))).toEqual([])
  })

  it('reaches every route', () => {
    const described = Object.entries(api?.paths ?? {}).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.filter((route) => !routes.has(route))).toEqual([])
  })

  it('has a name for each row', () => {
    const names = [...ALL, ...SCENARIOS].map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('is answered alike by every host', () => {
    const differing = Array.from(answers).flatMap(([row, byHost]) => {
      const distinct = new Map(Array.from(byHost, ([name, answer]) => [answer, name]))
      return distinct.size === 1 ? [] : [{ row, answers: Object.fromEntries(byHost) }]
    })
    expect(differing).toEqual([])
    const counts = LIST_HOSTS.map((name) => `${name} ${[...answers.values()].filter((by) => by.has(name)).length}`)
    const stated = ALL.filter(({ except }) => except !== undefined).length
    process.stdout.write(
      `conformance: ${answers.size} scenarios: ${counts.join(', ')}; ${stated} are not for every host\n`,
    )
  })
})
