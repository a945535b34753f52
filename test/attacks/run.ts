// `npm run attacks`: every kind of hostile traffic against a real process of each host. One Markdown table; exit code 1
// if a process ended, stopped answering, took too much memory or CPU, or answered what it should not.
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { HostName } from '../conformance/hosts.ts'
import { printCosts } from './costs.ts'
import { startIssuers } from './issuers.ts'
import { KINDS } from './kinds.ts'
import { runTrial } from './trial.ts'
import { describeRow, findViolations, TABLE_HEAD } from './verdict.ts'

const RATES: Readonly<Record<HostName, number>> = { node: 200, deno: 200, workerd: 50 }
const HOSTS = Object.keys(RATES) as readonly HostName[]
const USAGE = `Usage: npm run attacks -- [--host H] [--kind K] [--seconds N] [--rate N] [--costs] [--list]

  --host H      ${HOSTS.join(', ')}; may be repeated; default: all
  --kind K      a kind of traffic; may be repeated; default: all; --list shows them
  --seconds N   how long each kind is sent; default 60
  --rate N      requests a second; default 200 on node and deno, 50 on workerd
  --costs       instead: what one request and one document cost, counted in this process`

const options = readOptions()
if (options.list) for (const { name, what } of KINDS) console.log(`${name.padEnd(28)}${what}`)
else if (options.costs) process.exitCode = (await printCosts()) ? 0 : 1
else process.exitCode = await runAll()

/** The exit code. A trial that cannot be run is a violation, and the others go on. */
async function runAll(): Promise<number> {
  const issuers = await startIssuers()
  let isHeld = true
  console.log(TABLE_HEAD)
  for (const host of options.hosts) {
    for (const kind of options.kinds) {
      const perSecond = options.rate ?? RATES[host]
      try {
        const outcome = await runTrial({ host, kind, perSecond, seconds: options.seconds }, issuers)
        const violations = findViolations(outcome)
        console.log(describeRow(outcome, violations))
        if (outcome.faults > 0) console.error(outcome.firstFault)
        if (outcome.watched.hasEnded) console.error(outcome.tail)
        isHeld &&= violations.length === 0
      } catch (error) {
        console.log(`| ${host} | ${kind.name} | | | | | | **not run** |`)
        console.error(error)
        isHeld = false
      }
    }
  }
  await issuers.close()
  return isHeld ? 0 : 1
}

function readOptions() {
  const several = { type: 'string', multiple: true } as const
  const { values } = parseArgs({
    options: {
      host: several,
      kind: several,
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string' },
      costs: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const hosts = HOSTS.filter((host) => values.host === undefined || values.host.includes(host))
  const kinds = KINDS.filter(({ name }) => values.kind === undefined || values.kind.includes(name))
  const [seconds, rate] = [Number(values.seconds), values.rate === undefined ? undefined : Number(values.rate)]
  const isUnknown = hosts.length < (values.host?.length ?? 0) || kinds.length < (values.kind?.length ?? 0)
  if (isUnknown || !(seconds > 0 && seconds <= 3600) || (rate !== undefined && !(rate > 0 && rate <= 2000))) {
    console.error(USAGE)
    process.exit(2)
  }
  return { hosts, kinds, seconds, rate, costs: values.costs, list: values.list }
}
