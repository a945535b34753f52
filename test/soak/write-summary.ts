// The tables of a soak: one row for each host and store, and one for each fault over all of them.
import { FAULTS, type FaultName, LANES, type Lane } from './faults.ts'
import type { Count, SoakReport } from './soak-report.ts'

export function writeSummary(reports: readonly SoakReport[]): string {
  return `${writeHosts(reports)}\n${writeFaults(reports)}`
}

function writeHosts(reports: readonly SoakReport[]): string {
  const rows = reports.map((report) => {
    const { host, profile, perSecond, happened, answers, slowestMillis, breachCount, late, waitedShare } = report
    const lanes = LANES.map((lane) => formatShare(addUp(perSecond[lane])))
    const slowest = Math.max(...LANES.map((lane) => slowestMillis[lane]))
    const seconds = perSecond.good.length
    return [
      ...[host, profile, `${Math.round(seconds / 6) / 10} min`, happened.length, answers, ...lanes],
      ...[formatSeconds(slowest / 1000), `${Math.round(100 * waitedShare)} %`, late.length, breachCount],
    ]
  })
  const head = ['host', 'on', 'time', 'faults', 'answers', ...LANES.map((lane) => `\`${lane}\` admitted`)]
  return writeTable([...head, 'slowest', 'waited for a processor', 'late by the machine', 'violations'], rows)
}

function writeFaults(reports: readonly SoakReport[]): string {
  const names = Object.keys(FAULTS) as FaultName[]
  const rows = names.flatMap((name) => {
    const happened = reports.flatMap((report) => report.happened.filter(({ fault }) => fault === name))
    if (happened.length === 0) return []
    const lanes = LANES.map((lane) => formatShare(addUp(reports.flatMap((report) => pick(report, name, lane)))))
    const seconds = happened.reduce((sum, { from, until = from }) => sum + until - from, 0)
    const wellAfter = Math.max(...happened.map((step) => step.wellAfter))
    const readyAfter = Math.max(...happened.map((step) => step.readyAfter))
    return [
      [
        ...[`\`${name}\``, happened.length, formatSeconds(seconds / happened.length), ...lanes],
        ...[formatSeconds(wellAfter), formatSeconds(Math.max(0, readyAfter))],
      ],
    ]
  })
  const head = ['fault', 'times', 'lasted', ...LANES.map((lane) => `\`${lane}\` admitted`)]
  return writeTable([...head, 'all admitted after', 'ready after'], rows)
}

function pick({ byFault }: SoakReport, name: FaultName, lane: Lane): readonly Count[] {
  const counts = byFault[name]
  return counts === undefined ? [] : [counts[lane]]
}

function addUp(counts: readonly Count[]): Count {
  return counts.reduce((sum, { admitted, sent }) => ({ admitted: sum.admitted + admitted, sent: sum.sent + sent }), {
    admitted: 0,
    sent: 0,
  })
}

/** Rounded down: only all of them are 100 %. */
function formatShare({ admitted, sent }: Count): string {
  return sent === 0 ? '-' : `${Math.floor((1000 * admitted) / sent) / 10} %`
}

function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}

function writeTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
