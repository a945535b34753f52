// The account's Workers KV: one `wrangler kv key ...` per operation, with wrangler's own login.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printable } from '../../core/printable.ts'
import { EXIT, Stop } from '../command.ts'
import type { Kv } from './kv.ts'
import { BINDING } from './kv-namespace.ts'
import { runWrangler } from './wrangler.ts'

/** wrangler's errors are one line; a stack trace after it is cut off. */
const REASON_MAX_LENGTH = 500

export function openRemoteKv(): Kv {
  return {
    // wrangler reports a missing key like any other failure; only a list shows that it is absent.
    get: async (key) => ((await list(key)).includes(key) ? new Uint8Array(await ask('get', key)) : undefined),
    async put(key, bytes) {
      const folder = await mkdtemp(join(tmpdir(), 'postern-put-'))
      try {
        const file = join(folder, 'value')
        await writeFile(file, bytes, { mode: 0o600 })
        await ask('put', key, '--path', file)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    async delete(key) {
      await ask('delete', key)
    },
    list,
  }
}

async function list(prefix: string): Promise<readonly string[]> {
  const listed: unknown = JSON.parse((await ask('list', '--prefix', prefix)).toString())
  if (!Array.isArray(listed))
    throw new Stop(EXIT.unreachable, 'wrangler did not print a JSON array of keys: check its version')
  return listed.map((entry: { readonly name: string }) => entry.name)
}

async function ask(...args: readonly string[]): Promise<Buffer> {
  try {
    return await runWrangler(['kv', 'key', ...args, '--binding', BINDING, '--remote'])
  } catch (cause) {
    if (cause instanceof Stop) throw cause
    throw new Stop(EXIT.unreachable, `wrangler could not use Workers KV: ${describeWranglerFailure(cause)}`, { cause })
  }
}

/** wrangler's error line and the indented line below it, without its banner; else the reason why it ended. */
export function describeWranglerFailure(cause: unknown): string {
  const failure = Object(cause) as { readonly stderr?: Uint8Array; readonly message?: string }
  const said = failure.stderr === undefined ? '' : new TextDecoder().decode(failure.stderr)
  const lines = said.replace(/\u001b\[[0-9;]*m/g, '').split('\n')
  const at = lines.findIndex((line) => line.includes('ERROR'))
  const error = lines[at]?.replace(/^.*?ERROR\]?\s*/, '')
  const detail = lines.slice(at + 1).find((line) => line.trim() !== '')
  const all = error !== undefined && detail?.startsWith('  ') ? `${error} ${detail.trim()}` : error
  return printable(all ?? failure.message ?? 'wrangler exited without an error message', REASON_MAX_LENGTH)
}
