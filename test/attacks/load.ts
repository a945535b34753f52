// Sends requests at a stated rate, whether or not the answers come: an attacker does not wait.
import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import type { AttackRequest } from './kind.ts'

export interface Load {
  readonly url: string
  readonly perSecond: number
  readonly seconds: number
  readonly requestAt: (index: number) => AttackRequest
}

/** How often which end: a status, or `cut`, `timeout`, `hung up`, `not sent`. */
export type Answers = Map<string, number>

/** The client's own bounds, so that a server that never answers does not fill this process. */
const IN_FLIGHT_MAX = 2_000
const ANSWER_TIMEOUT_MILLIS = 30_000
const TICK_MILLIS = 20
const CONNECTIONS_MAX = 256

/** Ends when every request has ended. At most `perSecond * seconds` are sent. */
export async function sendLoad({ url, perSecond, seconds, requestAt }: Load): Promise<Answers> {
  const answers: Answers = new Map()
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX })
  const inFlight = new Set<Promise<void>>()
  const startMillis = performance.now()
  const total = Math.max(1, Math.round(perSecond * seconds))
  let index = 0
  while (index < total) {
    const elapsedMillis = performance.now() - startMillis
    if (elapsedMillis > seconds * 1000) break
    for (const due = Math.min(total, Math.ceil((elapsedMillis * perSecond) / 1000) + 1); index < due; index++) {
      if (inFlight.size >= IN_FLIGHT_MAX) countEnd(answers, 'not sent')
      else {
        const sent: Promise<void> = sendOne(url, requestAt(index), agent)
          .then((end) => countEnd(answers, end))
          .finally(() => inFlight.delete(sent))
        inFlight.add(sent)
      }
    }
    await pause(TICK_MILLIS)
  }
  await Promise.all(inFlight)
  agent.destroy()
  return answers
}

/** Sends one request; yields how it ended. Never rejects. */
export function sendOne(url: string, attack: AttackRequest, agent?: Agent): Promise<string> {
  const { method, path, headers = {}, body, chunked, hangsUp } = attack
  const bytes = body === undefined ? undefined : Buffer.from(body as Uint8Array)
  const length = bytes === undefined || chunked === true ? {} : { 'Content-Length': String(bytes.length) }
  return new Promise((end) => {
    let sent: ClientRequest
    try {
      sent = httpRequest(new URL(url), {
        method,
        path,
        headers: { ...headers, ...length },
        ...(hangsUp === true ? { agent: false } : agent === undefined ? {} : { agent }),
      })
    } catch (error) {
      throw new Error(`cannot send ${method} ${path.slice(0, 60)}: ${String(error)}`)
    }
    const timer = setTimeout(() => {
      end('timeout')
      sent.destroy()
    }, ANSWER_TIMEOUT_MILLIS)
    sent.once('close', () => clearTimeout(timer))
    sent.on('error', () => {
      // A kept connection that the server closed for idleness just then: no client counts that as an answer.
      if (sent.reusedSocket && hangsUp !== true) end(sendOne(url, attack))
      else end(hangsUp === true ? 'hung up' : 'cut')
    })
    sent.once('response', (response) => {
      response.on('error', () => end('cut'))
      response.resume().once('end', () => {
        end(String(response.statusCode))
        // An answer before the end of the body: what is left of it is not sent.
        if (!sent.writableFinished) sent.destroy()
      })
    })
    if (hangsUp === true) sent.write(bytes?.subarray(0, bytes.length / 2), () => sent.destroy())
    else sent.end(bytes)
  })
}

export function countEnd(answers: Answers, end: string, by = 1): void {
  answers.set(end, (answers.get(end) ?? 0) + by)
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis))
}
