// CPU time and memory of the serving process, from /proc: wall-clock time is meaningless on a shared machine.
import { readdirSync, readFileSync } from 'node:fs'
import type { HostName } from '../conformance/hosts.ts'

/** Of /proc/<pid>/stat: USER_HZ is 100 on every Linux that Node runs on. */
const MILLIS_PER_TICK = 10

/** Recognises the serving process by its command line, which differs from that of its launcher. */
const SERVES: Readonly<Record<HostName, (commandLine: string) => boolean>> = {
  node: (line) => line.includes('src/cli/postern.ts serve'),
  deno: (line) => !/^node\b/.test(line) && line.includes(' run ') && line.includes('src/cli/postern.ts serve'),
  // wrangler starts two: a proxy on the port it was given, and the Worker on a port of its own choice.
  workerd: (line) => line.includes('workerd serve') && line.includes('entry=127.0.0.1:0'),
}

/** The process of `host` that serves, in the group that `leader` leads. */
export function findServing(host: HostName, leader: number): number {
  const found = listGroup(leader).find((pid) => SERVES[host](readCommandLine(pid)))
  if (found === undefined) throw new Error(`no process of ${host} in the group ${leader} serves`)
  return found
}

/** All processes of the group of `leader`. */
export function listGroup(leader: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => Number(readStat(pid)?.[2]) === leader)
}

/** CPU time of all threads so far, user and system; `undefined` once the process has ended. */
export function readCpuMillis(pid: number): number | undefined {
  const fields = readStat(pid)
  // A zombie has ended; its parent has just not read its exit code yet.
  if (fields === undefined || fields[0] === 'Z') return undefined
  return (Number(fields[11]) + Number(fields[12])) * MILLIS_PER_TICK
}

/** Memory in use now. */
export function readRssMebibytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '') ?? []
  return Number(kibibytes) / 1024
}

/** The fields after the command's name, which may hold anything: state, parent, group, and on. */
function readStat(pid: number): readonly string[] | undefined {
  const text = readProc(pid, 'stat')
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

function readCommandLine(pid: number): string {
  return (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ')
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
