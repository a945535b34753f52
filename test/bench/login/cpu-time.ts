// CPU time of a process in nanoseconds' resolution, from Linux: rates move with the neighbours of a shared machine, the
// work of a login does not.
import { readdirSync, readFileSync } from 'node:fs'

/** Of all threads that live now, in milliseconds; `undefined` where the system does not say. */
export function readThreadsMillis(pid: number): number | undefined {
  try {
    let nanos = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) nanos += nanosOf(pid, thread)
    return nanos / 1e6
  } catch {
    return undefined
  }
}

/** None for a thread that has ended since the list was read. */
function nanosOf(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
  } catch {
    return 0
  }
}
