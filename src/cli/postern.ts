#!/usr/bin/env node
// `postern COMMAND`, or `npm run -s postern -- COMMAND` in a clone: runs the table of commands in this process. The entry
// point on Node and Deno.
import process from 'node:process'
import { Readable } from 'node:stream'
import { styleText } from 'node:util'
import { readCapped } from '../net/read-capped.ts'
import { run } from './commands.ts'

// npm runs scripts in the folder of package.json, but file names are relative to the folder where npm was called.
// Only for the scripts of this package: another's script has the folder that its author expects.
const { INIT_CWD, npm_lifecycle_event: script, npm_package_name: owner } = process.env
const isScript = owner === 'postern' && (script === 'postern' || script === 'serve')
const directory = isScript && INIT_CWD !== undefined ? INIT_CWD : process.cwd()

// Not awaited at the top of the module: the single executable cannot.
void run(process.argv.slice(2), {
  out: (data) => process.stdout.write(data),
  err: (text) => process.stderr.write(text),
  input: readInput,
  environment: process.env,
  directory,
  ...(isScript ? { command: 'npm run -s postern --' } : {}),
  clock: Date.now,
  fetch,
  // Node decides by NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  colour: styleText('bold', '-', { stream: process.stdout }) !== '-',
}).then((exitCode) => {
  process.exitCode = exitCode
})

async function readInput(maxBytes: number): Promise<Uint8Array | undefined> {
  const reader = Readable.toWeb(process.stdin).getReader()
  try {
    return await readCapped(reader, maxBytes)
  } finally {
    await reader.cancel()
  }
}
