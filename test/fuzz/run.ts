// `npm run fuzz -- [--seconds N] [--only NAME,...] [--seed N]`: every target for N seconds. What breaks one is written to
// test/fuzz/crashers/NAME, where it is tried again by every later test.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'
import { createTargets } from './targets.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'slow-millis': { type: 'string', default: '250' },
  },
})
const targets = await createTargets()
const names = values.only?.split(',') ?? targets.map(({ name }) => name)
const unknown = names.filter((name) => !targets.some((target) => target.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `There is no target ${unknown.join(', ')}. Known are ${targets.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(2)
}
process.stdout.write(`seed ${values.seed}, ${values.seconds} s each\n\n`)
let broken = 0
for (const target of targets.filter(({ name }) => names.includes(name))) {
  const { runs, kinds, slowestMillis, crasher } = await fuzz(target, {
    seed: Number(values.seed),
    runs: Number.POSITIVE_INFINITY,
    millis: Number(values.seconds) * 1000,
    slowMillis: Number(values['slow-millis']),
  })
  const figures = `${String(runs).padStart(9)} inputs  ${String(kinds).padStart(5)} kinds of answers  slowest ${slowestMillis.toFixed(1)} ms`
  process.stdout.write(`${crasher === undefined ? '✓' : '✗'} ${target.name.padEnd(36)} ${figures}\n`)
  if (crasher === undefined) continue
  broken++
  const folder = `test/fuzz/crashers/${target.name}`
  const file = `${folder}/${createHash('sha256').update(crasher.input).digest('hex').slice(0, 16)}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, crasher.input)
  process.stdout.write(`  ${file}: ${crasher.why}\n`)
}
process.stdout.write(`\n${names.length - broken} passed, ${broken} failed\n`)
process.exitCode = broken === 0 ? 0 : 1
