// Connections that are opened at a stated rate and then kept, with little or nothing more sent on them.
import { connect, type Socket } from 'node:net'
import type { Wire } from './kind.ts'
import { type Answers, countEnd, pause } from './load.ts'

export interface Stalled {
  readonly url: string
  readonly wire: Wire
  readonly perSecond: number
  readonly seconds: number
  readonly connectionsMax: number
}

/** A server has to close a connection on which nothing happens, or a request that does not go on, within this. */
export const STALLED_MAX_SECONDS = 60

/** Sent at once on each connection whose answers are not read. */
export const UNREAD_REQUESTS = 200

const HALF_HEADERS = 'POST /v1/clusters/base/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
const HALF_BODY = `${HALF_HEADERS}Content-Length: 1000\r\n\r\n{"attestations":[`
const FIRST_BYTES: Readonly<Record<Wire, string>> = {
  silent: '',
  half_headers: HALF_HEADERS,
  half_body: HALF_BODY,
  dripping_headers: `${HALF_HEADERS}X-Drip: `,
  dripping_body: HALF_BODY,
  unread: 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(UNREAD_REQUESTS),
}
const DRIP_EVERY_MILLIS = 1_000

/**
 * Opens connections until `connectionsMax`, and keeps them for `seconds`. The ends: `closed` by the server (after a
 * status, if it sent one), `open` at the end, and `open too long` of those that are older than the bound by then.
 */
export async function stallConnections(stalled: Stalled): Promise<Answers> {
  const { url, wire, perSecond, seconds, connectionsMax } = stalled
  const { hostname, port } = new URL(url)
  const ends: Answers = new Map()
  const open = new Map<Socket, number>()
  const startMillis = performance.now()
  // All of them early, so that as many as can be are older than the bound at the end.
  const total = Math.min(connectionsMax, Math.round(perSecond * seconds))

  function openOne(): void {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(FIRST_BYTES[wire]))
    let status = ''
    open.set(socket, performance.now())
    // Paused, the socket takes what fits into its buffers and no more.
    if (wire === 'unread') socket.pause()
    else
      socket.on('data', (data) => {
        status ||= `${/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1] ?? 'closed'}`
      })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (open.delete(socket)) countEnd(ends, status || 'closed')
    })
  }

  const dripping = setInterval(() => {
    if (wire.startsWith('dripping')) for (const socket of open.keys()) socket.write('x')
  }, DRIP_EVERY_MILLIS)
  const holdMillis = (seconds >= STALLED_MAX_SECONDS ? seconds + 5 : seconds) * 1000
  for (let opened = 0; performance.now() - startMillis < holdMillis; await pause(20)) {
    const due = Math.min(total, ((performance.now() - startMillis) * perSecond) / 1000)
    for (; opened < due; opened++) openOne()
  }
  clearInterval(dripping)
  for (const [socket, since] of [...open]) {
    open.delete(socket)
    countEnd(ends, performance.now() - since > STALLED_MAX_SECONDS * 1000 ? 'open too long' : 'open')
    socket.destroy()
  }
  return ends
}
