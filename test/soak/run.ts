// `npm run soak -- [--short] [--host H,...] [--seconds N] [--seed N] [--only FAULT,...] [--broken] [--out FILE.svg] [--markdown FILE]`;
// `--json --host H` prints the reports of one host, `--from FILE,...` takes such files instead of a run, `--table` prints the table of faults.
// Each host has a process of its own, so that the logins of one do not wait for those of another.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { HostName } from '../conformance/hosts.ts'
import { writeFaultTable } from './fault-table.ts'
import { FAULTS, type FaultName, PROFILES } from './faults.ts'
import { drawReports } from './plot.ts'
import { soak } from './soak.ts'
import type { SoakReport } from './soak-report.ts'
import { HAS } from './start-gateway.ts'
import { writeSummary } from './write-summary.ts'

const HOSTS: readonly HostName[] = ['node', 'deno', 'workerd']
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    host: { type: 'string', default: HOSTS.join(',') },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    broken: { type: 'boolean', default: false },
    out: { type: 'string' },
    markdown: { type: 'string' },
    table: { type: 'boolean', default: false },
    from: { type: 'string' },
    /** Of the processes of one host: the reports on standard output, as JSON. */
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds ?? (values.short ? 76 : 1_800))
const seed = Number(values.seed)
const hosts = HOSTS.filter((name) => values.host.split(',').includes(name))
const only = values.only?.split(',').filter((name): name is FaultName => Object.hasOwn(FAULTS, name))
// A signal must not leave processes and mounts behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const [host] = hosts
if (values.table) process.stdout.write(writeFaultTable())
else if (values.json && host !== undefined) process.stdout.write(JSON.stringify(await soakHost(host)))
else await soakAll()

/** One profile after another, each for its share of the time. */
async function soakHost(name: HostName): Promise<readonly SoakReport[]> {
  const profiles = PROFILES[name].filter((profile) => profile !== 'redis' || HAS.has('redis'))
  const reports: SoakReport[] = []
  for (const profile of values.broken ? profiles.slice(0, 1) : profiles)
    reports.push(
      await soak({
        host: name,
        profile,
        seconds: Math.floor(seconds / profiles.length),
        seed,
        say: (line) => process.stderr.write(`${name} on ${profile}: ${line}\n`),
        ...(only === undefined ? {} : { only }),
        ...(values.broken ? { program: 'test/soak/broken-gateway.ts', isImpatient: true } : {}),
      }),
    )
  return reports
}

async function soakAll(): Promise<void> {
  const reports = await readReports()
  const summary = writeSummary(reports)
  process.stdout.write(`\n${summary}`)
  for (const { host: name, profile, late } of reports)
    for (const what of late.slice(0, 5)) process.stdout.write(`${name} on ${profile}, not counted: ${what}\n`)
  if (values.out !== undefined) writeFileSync(values.out, drawReports(reports))
  if (values.markdown !== undefined) writeFileSync(values.markdown, summary)
  process.exitCode = reports.every(({ breachCount }) => breachCount === 0) ? 0 : 1
}

/** Of files that `--json` has written, or of a run. */
async function readReports(): Promise<readonly SoakReport[]> {
  if (values.from !== undefined)
    return values.from.split(',').flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as readonly SoakReport[])
  process.stdout.write(`seed ${seed}, ${seconds} s on each host\n`)
  return (await Promise.all((values.broken ? (['node'] as const) : hosts).map(runHost))).flat()
}

async function runHost(name: HostName): Promise<readonly SoakReport[]> {
  const args = ['--json', '--host', name, '--seconds', String(seconds), '--seed', String(seed)]
  if (values.broken) args.push('--broken')
  if (values.only !== undefined) args.push('--only', values.only)
  const child = spawn(process.execPath, ['test/soak/run.ts', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the soak of ${name} ended with ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString()) as readonly SoakReport[]
}
