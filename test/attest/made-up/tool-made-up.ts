// The tool of one's own: the table of commands with attestors of one's own.
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { run } from '../../../src/cli/commands.ts'
import { WITH_MADE_UP } from './made-up.ts'

process.exitCode = await run(process.argv.slice(2), {
  out: (data) => process.stdout.write(data),
  err: (text) => process.stderr.write(text),
  input: () => buffer(process.stdin),
  environment: process.env,
  directory: process.cwd(),
  clock: Date.now,
  fetch,
  colour: false,
  attestors: WITH_MADE_UP,
})
