// `npm run -s postern -- COMMAND`: the process around the table of commands.
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { styleText } from 'node:util'
import { run } from './commands.ts'

// npm runs scripts in the folder of package.json; names of files mean the folder that the person is in.
const { INIT_CWD, npm_lifecycle_event: script } = process.env
const isScript = script === 'postern' || script === 'serve'
const directory = isScript && INIT_CWD !== undefined ? INIT_CWD : process.cwd()

process.exitCode = await run(process.argv.slice(2), {
  out: (data) => process.stdout.write(data),
  err: (text) => process.stderr.write(text),
  input: () => buffer(process.stdin),
  environment: process.env,
  directory,
  clock: Date.now,
  fetch,
  // NO_COLOR, FORCE_COLOR, and a stream that is no terminal are for Node to judge.
  colour: styleText('bold', '-', { stream: process.stdout }) !== '-',
})
