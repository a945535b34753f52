// One kind of traffic against one host: a process of its own, good logins to measure by, then the attack.
import { performance } from 'node:perf_hooks'
import { type Host, type HostName, startHost } from '../conformance/hosts.ts'
import type { Issuers } from './issuers.ts'
import type { Kind, Site } from './kind.ts'
import { listDocuments } from './kinds.ts'
import { type Answers, pause, sendLoad, sendOne } from './load.ts'
import { findServing, listGroup, readCpuMillis } from './process-figures.ts'
import { stallConnections, UNREAD_REQUESTS } from './stalled-connections.ts'
import { makeLogin } from './tokens.ts'
import { type Watched, watchProcess } from './watch.ts'

export interface Trial {
  readonly host: HostName
  readonly kind: Kind
  readonly perSecond: number
  readonly seconds: number
}

export interface Outcome extends Trial {
  readonly answers: Answers
  /** CPU of the serving process, by request; NaN if it has ended. */
  readonly cpuMillis: number
  readonly loginCpuMillis: number
  readonly watched: Watched
  /** Audit records that say that the gateway failed. */
  readonly faults: number
  /** The first of them, and the last that the host has printed. */
  readonly firstFault: string
  readonly tail: string
}

/** The hosts are groups of their own: a signal to this process does not reach them. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const CONNECTIONS_MAX: Readonly<Record<HostName, number>> = { node: 3_000, deno: 3_000, workerd: 500 }
const WARM_UP_LOGINS = 200
const MEASURED_LOGINS = 400
const LOGINS_AT_ONCE = 4
/** For what is done after the answers. */
const SETTLE_MILLIS = 500
const STOP_MILLIS = 10_000
const TAIL_LENGTH = 1_000

export async function runTrial(trial: Trial, issuers: Issuers): Promise<Outcome> {
  const { host: name, kind, seconds } = trial
  const site: Site = {
    issuers: issuers.origin,
    goodToken: await issuers.mint(),
    scale: name === 'workerd' ? 'small' : 'full',
    now: Date.now,
  }
  const log = createLog()
  const host = await startHost(name, listDocuments(kind, issuers.origin, site.scale), { takeOutput: log.take })
  const onSignal = (): void => void stopHost(host).then(() => process.exit(130))
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    const pid = findServing(name, host.pid)
    await logIn(host.url, site, WARM_UP_LOGINS)
    const loginCpuMillis = (await measureCpu(pid, () => logIn(host.url, site, MEASURED_LOGINS))) / MEASURED_LOGINS

    const watch = watchProcess(pid, host.url)
    const perSecond = Math.min(trial.perSecond, kind.perSecondMax ?? Number.POSITIVE_INFINITY)
    let answers: Answers = new Map()
    const cpu = await measureCpu(pid, async () => {
      const load = { url: host.url, perSecond, seconds }
      answers =
        kind.wire === undefined
          ? await sendLoad({ ...load, requestAt: (index) => kind.request(index, site) })
          : await stallConnections({ ...load, wire: kind.wire, connectionsMax: CONNECTIONS_MAX[name] })
      await pause(SETTLE_MILLIS)
    })
    const watched = await watch.stop()
    const requests = countSent(answers) * (kind.wire === 'unread' ? UNREAD_REQUESTS : 1)
    return { ...trial, perSecond, answers, cpuMillis: cpu / requests, loginCpuMillis, watched, ...log.read() }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    await stopHost(host)
  }
}

/** Requests or connections that were made. */
export function countSent(answers: Answers): number {
  let sent = 0
  for (const [end, times] of answers) if (end !== 'not sent') sent += times
  return sent
}

async function measureCpu(pid: number, work: () => Promise<void>): Promise<number> {
  const before = readCpuMillis(pid)
  await work()
  return (readCpuMillis(pid) ?? Number.NaN) - (before ?? Number.NaN)
}

async function logIn(url: string, site: Site, times: number): Promise<void> {
  for (let done = 0; done < times; done += LOGINS_AT_ONCE) {
    const logins = Array.from({ length: LOGINS_AT_ONCE }, () => sendOne(url, makeLogin('base', site.goodToken)))
    for (const end of await Promise.all(logins)) if (end !== '200') throw new Error(`a good login ended with ${end}`)
  }
}

/** What a host prints: bounded, for a run may print gigabytes. */
function createLog() {
  let [faults, tail, firstFault] = [0, '', '']
  return {
    take(text: string): void {
      // A record that is cut in two by the pipe is in neither part; one in some thousands.
      const found = text.split('"event":"fault"').length - 1
      if (found > 0 && faults === 0) firstFault = text.slice(text.indexOf('"event":"fault"')).slice(0, TAIL_LENGTH)
      faults += found
      tail = (tail + text).slice(-TAIL_LENGTH)
    },
    read: () => ({ faults, firstFault: firstFault.split('\n')[0] ?? '', tail }),
  }
}

/** SIGTERM to its group; what has not ended by then is killed, each by its id: a killed wrangler leaves workerd behind. */
async function stopHost(host: Host): Promise<void> {
  const group = listGroup(host.pid)
  const startMillis = performance.now()
  await Promise.race([host.stop(), pause(STOP_MILLIS)])
  while (group.some((pid) => readCpuMillis(pid) !== undefined) && performance.now() - startMillis < STOP_MILLIS) {
    await pause(100)
  }
  for (const pid of listGroup(host.pid).filter((pid) => readCpuMillis(pid) !== undefined)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended in between.
    }
  }
}
