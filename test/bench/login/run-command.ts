// How a file of the bench is run on Node and on Deno, as a server that prints where it listens.
import type { ChildProcess } from 'node:child_process'
import process from 'node:process'

export const RUN_COMMANDS = {
  node: [process.execPath],
  deno: [`node_modules/@deno/linux-${process.arch}-glibc/deno`, 'run', '--allow-net', '--allow-env', '--allow-read'],
} as const

/** Rejects if it ends instead. */
export function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((ready, fail) => {
    let said = ''
    child.once('exit', (code) => fail(new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${said}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = /listens on (\S+)\s/.exec(said)?.[1]
      if (url !== undefined) ready(url)
    })
  })
}
