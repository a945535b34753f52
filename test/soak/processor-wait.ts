// How long processes waited for a processor although they could have run: /proc/<pid>/task/<tid>/schedstat of Linux. A late answer is
// only laid at the machine's door for as long as the gateway and this process were kept waiting by others.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** Milliseconds so far, by thread: `<pid>/<tid>`. */
export type Waited = ReadonlyMap<string, number>

/**
 * Reads it for all threads of processes, and for this one. Empty on a machine without such counters, which excuses nothing.
 * @param pids - of the gateway
 */
export function readWaited(pids: readonly number[]): Waited {
  return new Map([process.pid, ...pids].flatMap(readProcess))
}

function readProcess(pid: number): readonly (readonly [string, number])[] {
  try {
    const tids = readdirSync(`/proc/${pid}/task`)
    return tids.map((tid) => {
      const [, nanoseconds = '0'] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')
      return [`${pid}/${tid}`, Number(nanoseconds) / 1e6]
    })
  } catch {
    return []
  }
}

/**
 * What one request may have lost between two readings: the longest wait of one thread. Several may have waited for each other's work,
 * so that it may have been more.
 */
export function computeWaitedMillis(before: Waited, after: Waited): number {
  return Math.max(0, ...Array.from(after, ([thread, millis]) => millis - (before.get(thread) ?? 0)))
}

/** The processes of a process group. */
export function findGroup(leader: number): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const [, rest = ''] = /\(.*\) (.*)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? []
      return rest.split(' ')[2] === String(leader) ? [Number(entry)] : []
    } catch {
      return []
    }
  })
}
