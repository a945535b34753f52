// `npm run newcomer`: takes the first steps of README in a fresh clone of HEAD and prints how long each takes. `--here`: in this
// checkout, without the clone and `npm ci`. Exit status 1: a step did not show what it should, or all took over five minutes.
import { cpus, totalmem } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { takeFirstMinutes } from './newcomer/first-minutes.ts'
import { formatSteps, isKept } from './newcomer/steps.ts'

const { values } = parseArgs({ options: { here: { type: 'boolean', default: false } } })
const steps = await takeFirstMinutes(fileURLToPath(new URL('..', import.meta.url)), values.here)
const [processor] = cpus()
const gigabytes = Math.round(totalmem() / 1024 ** 3)
console.log(`${formatSteps(steps)}

${cpus().length} x ${processor?.model ?? 'unknown processor'}, ${gigabytes} GB, ${process.platform} ${process.arch}, ${new Date().toISOString().slice(0, 10)}`)
for (const { name, result, what } of steps) if (result === 'failed') console.error(`\n${name} failed: ${what}`)
process.exit(isKept(steps) ? 0 : 1)
