// What happens to the process itself, to its clock, to its records, and to its connections.
import { connect, type Socket } from 'node:net'
import { type Act, type ActContext, pause, replaceDocument } from './act.ts'
import { CHANGING } from './policies.ts'
import { sendLogin } from './send-login.ts'

const HALF_OPEN = 2_000
const CROWD = { files: 3_000, redis: 3_000, kv: 600 } as const
const STEPS_SECONDS = [5, 30, 61, 100, 900, 3_599, 7_200]
/** So many records are more than the 1 MiB that a gateway holds for its reader, and the pipe. */
const FLOOD = 1_000
const AT_ONCE = 8

export const PROCESS_ACTS = {
  clock_forward: (context) => stepClock(context, 1),
  clock_back: (context) => stepClock(context, -1),
  async killed(context) {
    const { gateway, random } = context
    await replaceDocument(context, CHANGING)
    // Within the time in which it reads the document and writes its record.
    await pause(random.below(2) === 0 ? random.below(100) : random.below(900))
    await gateway.restartKilled()
    return async () => undefined
  },
  async records_full({ gateway }) {
    gateway.records?.fill()
    return async () => gateway.records?.free()
  },
  async reader_stalled(context) {
    const { reader } = context.gateway
    reader?.signal('SIGSTOP')
    const flooding = flood(context)
    return async () => {
      await flooding
      reader?.signal('SIGCONT')
    }
  },
  async reader_gone({ gateway }) {
    await gateway.reader?.end()
    return async () => gateway.reader?.start()
  },
  async reader_lost({ gateway, report }) {
    await gateway.reader?.end()
    return async () => {
      const status = await gateway.host.restart(gateway.reader?.start)
      if (status !== 1) report(`it ended with status ${status} instead of 1 although records could not be written`)
    }
  },
  async half_open({ gateway }) {
    const head = 'POST /v1/clusters/c-1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    return openSockets(gateway.host.url, HALF_OPEN, () => `${head}Content-Length: 1000\r\n\r\n{"att`)
  },
  async crowd({ gateway }) {
    return openSockets(gateway.host.url, CROWD[gateway.profile], (index) =>
      index % 2 === 0 ? '' : 'POST /v1/clusters/c-1/lo',
    )
  },
} satisfies Readonly<Record<string, Act>>

async function stepClock(context: ActContext, sign: 1 | -1): Promise<() => Promise<void>> {
  const { gateway, agents, random } = context
  await replaceDocument(context, CHANGING)
  // Evidence that has expired may be valid again, and no claim of it is left: docs/faults.md.
  agents.forgetUsed()
  await gateway.stepClock(sign * (STEPS_SECONDS[random.below(STEPS_SECONDS.length)] ?? 60) * 1_000)
  return async () => undefined
}

async function openSockets(url: string, count: number, write: (index: number) => string): Promise<() => Promise<void>> {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  for (let index = 0; index < count; index++) {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(write(index)))
    socket.on('error', () => undefined)
    sockets.push(socket)
    // Not all in one turn: this process has logins to send as well.
    if (index % 100 === 99) await pause(20)
  }
  return async () => {
    for (const socket of sockets) socket.destroy()
  }
}

/** Refused logins with long records, until one is not recorded. */
async function flood({ gateway, issuer }: ActContext): Promise<void> {
  const claims = { sub: 'x'.repeat(900), aud: Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(250, 'y')) }
  const login = { clusterId: 'c-1', token: await issuer.mint({ nowSeconds: 1_000_000, claims }) }
  for (let sent = 0; sent < FLOOD; sent += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => sendLogin(gateway.host.url, login)))
    if (answers.some(({ status }) => status === 503)) return
  }
}
