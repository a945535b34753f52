// `npm run soak -- [--short] [--host H,...] [--seconds N] [--seed N] [--broken] [--out FILE.svg]`
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { HostName } from '../conformance/hosts.ts'
import { drawReports } from './plot.ts'
import { type SoakReport, soak } from './soak.ts'

const HOSTS: readonly HostName[] = ['node', 'deno', 'workerd']
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    host: { type: 'string', default: HOSTS.join(',') },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    broken: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const seconds = Number(values.seconds ?? (values.short ? 120 : 1_800))
const hosts = values.host.split(',').filter((name): name is HostName => HOSTS.some((known) => known === name))
process.stdout.write(`seed ${values.seed}, ${seconds} s\n`)
const reports = await Promise.all(
  hosts.map((host) =>
    soak({
      host,
      seconds,
      seed: Number(values.seed),
      ...(values.broken ? { program: 'test/soak/broken-gateway.ts', isImpatient: true } : {}),
    }),
  ),
)
process.stdout.write(
  `\n| host | faults | logins | good ones admitted | slowest good one | breaches |\n| --- | --- | --- | --- | --- | --- |\n`,
)
for (const report of reports) process.stdout.write(`${describe(report)}\n`)
for (const { host, breaches } of reports) for (const breach of breaches) process.stdout.write(`${host} ${breach}\n`)
if (values.out !== undefined) writeFileSync(values.out, drawReports(reports))
process.exitCode = reports.every(({ breachCount }) => breachCount === 0) ? 0 : 1

function describe({ host, steps, answers, perSecond, slowestGoodMillis, breachCount }: SoakReport): string {
  const [admitted, sent] = perSecond.reduce(([a, s], slot) => [a + slot.admitted, s + slot.sent], [0, 0])
  const share = `${((100 * admitted) / Math.max(1, sent)).toFixed(1)} %`
  return `| ${host} | ${steps.length} | ${answers} | ${share} | ${(slowestGoodMillis / 1000).toFixed(1)} s | ${breachCount} |`
}
