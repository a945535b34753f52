// The table of faults as docs/faults.md has it, from the rows themselves; `npm run soak -- --table` prints it.
import { FAULTS, type Fault, type FaultName, findFault, LANES } from './faults.ts'

export function writeFaultTable(): string {
  const rows = (Object.keys(FAULTS) as FaultName[]).map((name) => {
    const fault = findFault(name)
    const [least, most] = fault.lasts
    const within = fault.withinMillis === undefined ? '' : `; within ${fault.withinMillis / 1_000} s`
    return `| \`${name}\` | ${fault.on.join(', ')} | ${fault.does} | ${least} to ${most} s | ${describeCost(fault)}${within} | ${fault.recovers} s |\n`
  })
  const head =
    '| fault | on | what it is | lasts | what it may cost | well again after |\n| --- | --- | --- | --: | --- | --: |\n'
  return `${head}${rows.join('')}`
}

function describeCost({ may }: Fault): string {
  const lanes = LANES.filter((lane) => may[lane] !== undefined)
  const [first] = lanes
  if (first === undefined) return 'nothing'
  const answers = (may[first] ?? []).map((answer) => (answer === '0' ? 'no answer' : `\`${answer}\``)).join(', ')
  return `${lanes.length === LANES.length ? 'all' : lanes.map((lane) => `\`${lane}\``).join(', ')}: ${answers}`
}
