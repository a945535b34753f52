// Writes lines to standard output through a disk that fills, and goes on until its parent has made space. Prints on standard error
// how many lines it was allowed to count on.
import process from 'node:process'
import { createLineWriter } from '../../src/runtime/line-writer.ts'
import { openOutput } from '../../src/runtime/output.ts'
import { sleep } from '../../src/runtime/sleep.ts'

const writer = createLineWriter({
  write: openOutput(1),
  clock: Date.now,
  sleep,
  maxBytes: 1_000_000,
  recoveryLine: ({ refused }) => JSON.stringify({ recovered: refused }),
})

const TEXT = 'x'.repeat(2_000)
let taken = 0
while (writer.refusing() === undefined) {
  if (writer.take(JSON.stringify({ line: taken, text: TEXT }))) taken++
  await sleep(1)
}
process.stderr.write('full\n')
while (writer.refusing() !== undefined) await sleep(5)
while (!writer.take(JSON.stringify({ last: taken }))) await sleep(5)
await writer.flush()
