// Clients that send half a body and then hang up or wait: they get our own answer, cause no fault and leave nothing behind.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { REQUEST_BODY_TIMEOUT_MILLIS } from '../../src/core/limits.ts'
import { type Host, startHost } from './hosts.ts'
import { documents } from './scenarios.ts'

let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
})
afterAll(() => cluster.close())

const HEAD = 'POST /v1/clusters/seed/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'
const HALVES: readonly (readonly [string, string])[] = [
  ['of a stated length', `${HEAD}Content-Length: 100\r\n\r\n{"attest`],
  ['in chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n8\r\n{"attest\r\n`],
  ['whose first byte never comes', `${HEAD}Content-Length: 100\r\n\r\n`],
]

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await startHost(name, documents(cluster.issuer))
  })
  afterAll(() => host?.stop())

  /** Sends `text`, and resolves once it is on its way. */
  function send(text: string): Promise<Socket> {
    return new Promise((sent, fail) => {
      const { hostname, port } = new URL(host.url)
      const socket = connect(Number(port), hostname, () => socket.write(text, () => sent(socket)))
      socket.on('error', fail)
    })
  }

  function received(socket: Socket): Promise<string> {
    return new Promise((ended) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString()
      })
      socket.once('close', () => ended(text))
    })
  }

  async function login(): Promise<{ status: number; requestId: string | null }> {
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] })
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
    const response = await fetch(`${host.url}/v1/clusters/seed/login`, init)
    return { status: response.status, requestId: response.headers.get('X-Request-Id') }
  }

  const records = (from: number): readonly Record<string, unknown>[] =>
    host
      .output()
      .slice(from)
      .split('\n')
      .filter((line) => line.startsWith('{"v":1,'))
      .map((line) => JSON.parse(line))

  it.each(HALVES)('a client that hangs up in a body %s does not cause a fault', async (_what, text) => {
    const from = host.output().length
    const socket = await send(text)
    // The gateway has begun to read once a login that was sent later is answered.
    await login()
    socket.resetAndDestroy()
    const { status, requestId } = await login()
    expect(status).toBe(200)
    await expect.poll(() => host.output().slice(from)).toContain(requestId)
    // workerd cancels such a request without a record; the other hosts record a refused login.
    if (name !== 'workerd')
      await expect
        .poll(() => records(from).map(({ event, code, status }) => ({ event, code, status })))
        .toContainEqual({ event: 'login', code: 'request_aborted', status: 400 })
    expect(records(from).filter(({ event, status }) => event === 'fault' || status === 500)).toEqual([])
    expect(host.output().slice(from)).not.toMatch(/Uncaught|Unhandled|TypeError|ECONNRESET/)
  })

  it('a body that stalls is answered with 408 at its deadline, and not before', async () => {
    const began = Date.now()
    const from = host.output().length
    const answers = await Promise.all(
      HALVES.map(async ([, text]) => {
        const socket = await send(text)
        const answer = new Promise<string>((first) => socket.once('data', (chunk) => first(chunk.toString())))
        const [head] = await Promise.all([answer])
        const took = Date.now() - began
        socket.destroy()
        return { status: head.split(' ')[1], took }
      }),
    )
    expect(answers.map(({ status }) => status)).toEqual(['408', '408', '408'])
    for (const { took } of answers) expect(took).toBeGreaterThanOrEqual(REQUEST_BODY_TIMEOUT_MILLIS - 50)
    await expect.poll(() => records(from).filter(({ code }) => code === 'request_timeout')).toHaveLength(HALVES.length)
    expect((await login()).status).toBe(200)
    expect(records(from).filter(({ event }) => event === 'fault')).toEqual([])
  })

  it('a body that is complete in time is read, however it was split', async () => {
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] })
    const socket = await send(`${HEAD}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n`)
    const answer = received(socket)
    for (const part of body.match(/[\s\S]{1,100}/g) ?? [])
      await new Promise<void>((sent) => socket.write(part, () => setImmediate(sent)))
    expect((await answer).split(' ')[1]).toBe('200')
  })
})
