// Checks the requirements on a host under attack, and formats the row of the table.
import type { HostName } from '../conformance/hosts.ts'
import { STALLED_MAX_SECONDS } from './stalled-connections.ts'
import { countSent, type Outcome } from './trial.ts'

/** Memory of the serving process. */
export const RSS_MAX_MEBIBYTES: Readonly<Record<HostName, number>> = { node: 384, deno: 384, workerd: 512 }

/** CPU of one hostile request to that of one good login. */
export const CPU_RATIO_MAX = 5

/** Ends of a request that are no statuses, and are expected. */
const HARMLESS = ['hung up', 'not sent', 'closed', 'open']

/** Lists the violated requirements, each in a few words; empty if there are none. */
export function findViolations(outcome: Outcome): readonly string[] {
  const { host, kind, answers, watched, faults } = outcome
  const found: string[] = []
  if (watched.hasEnded) found.push('the process ended')
  if (watched.missed > 0) found.push(`/healthz missed ${watched.missed} of ${watched.asked}`)
  if (watched.rssMaxMebibytes > RSS_MAX_MEBIBYTES[host]) found.push(`RSS over ${RSS_MAX_MEBIBYTES[host]} MiB`)
  const isCpuChecked = host !== 'workerd' || kind.isDrainedByWrangler !== true
  // Compared this way round, so that NaN does not pass.
  const isCheap = outcome.cpuMillis <= CPU_RATIO_MAX * outcome.loginCpuMillis
  if (isCpuChecked && !isCheap) found.push(`CPU over ${CPU_RATIO_MAX} logins`)
  if (faults > 0) found.push(`${faults} fault records`)
  const expected = [...kind.statuses.map(String), ...HARMLESS, ...(kind.mayCut === true ? ['cut'] : [])]
  for (const [end] of answers) {
    if (expected.includes(end)) continue
    if (end !== 'open too long') found.push(`unexpected: ${end}`)
    // In production the platform holds the connections, not the Worker.
    else if (host !== 'workerd') found.push(`open after ${STALLED_MAX_SECONDS} s`)
  }
  return found
}

export const TABLE_HEAD = `| host | kind | sent, per second | answers | CPU, ms | to a good login | RSS max, MiB | verdict |
|---|---|--:|---|--:|--:|--:|---|`

export function describeRow(outcome: Outcome, violations: readonly string[]): string {
  const { host, kind, perSecond, answers, cpuMillis, loginCpuMillis, watched } = outcome
  const ends = [...answers].map(([end, times]) => `${end}: ${times}`).join(', ')
  const cells = [
    host,
    kind.name,
    `${countSent(answers)}, ${perSecond}`,
    ends,
    cpuMillis.toFixed(2),
    (cpuMillis / loginCpuMillis).toFixed(2),
    watched.rssMaxMebibytes.toFixed(0),
    violations.length === 0 ? 'holds' : `**${violations.join('; ')}**`,
  ]
  return `| ${cells.join(' | ')} |`
}
