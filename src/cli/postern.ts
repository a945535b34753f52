// `npm run -s postern -- COMMAND`: the process around the table of commands.
import process from 'node:process'
import { Readable } from 'node:stream'
import { styleText } from 'node:util'
import { readCapped } from '../net/read-capped.ts'
import { run } from './commands.ts'

// npm runs scripts in the folder of package.json; names of files mean the folder that the person is in.
const { INIT_CWD, npm_lifecycle_event: script } = process.env
const isScript = script === 'postern' || script === 'serve'
const directory = isScript && INIT_CWD !== undefined ? INIT_CWD : process.cwd()

process.exitCode = await run(process.argv.slice(2), {
  out: (data) => process.stdout.write(data),
  err: (text) => process.stderr.write(text),
  input: readInput,
  environment: process.env,
  directory,
  clock: Date.now,
  fetch,
  // NO_COLOR, FORCE_COLOR, and a stream that is no terminal are for Node to judge.
  colour: styleText('bold', '-', { stream: process.stdout }) !== '-',
})

async function readInput(maxBytes: number): Promise<Uint8Array | undefined> {
  const reader = Readable.toWeb(process.stdin).getReader()
  try {
    return await readCapped(reader, maxBytes)
  } finally {
    await reader.cancel()
  }
}
