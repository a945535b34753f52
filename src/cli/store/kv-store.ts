// Workers KV for its operator, through wrangler: local KV of the development server, or the account's. What wrangler
// says of absence is never taken for a document, nor the other way round. No lock, since KV has no compare-and-set.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printable } from '../../core/printable.ts'
import { EXIT, Stop } from '../command.ts'
import type { OperatorStore } from './operator-store.ts'
import { deleteKey, getKey, type KvPlace, listKeys, putKey } from './wrangler.ts'

/** Of what wrangler says: its errors are a line, and a stack that follows helps nobody here. */
const REASON_MAX_LENGTH = 500

/** What `wrangler kv key get` prints, with success, for a key that local KV does not have. */
const NOT_FOUND = 'Value not found\n'

export function openKvStore(place: KvPlace): OperatorStore {
  const name = place.kind === 'local' ? `local KV in ${place.persistTo}` : 'Workers KV'

  /** The value, or `undefined` once a list has confirmed that wrangler's sentence is not the value itself. */
  async function fetchValue(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(await asked(getKey(key, place)))
    return new TextDecoder().decode(bytes) !== NOT_FOUND || (await isListed(key)) ? bytes : undefined
  }

  async function isListed(key: string): Promise<boolean> {
    return (await asked(listKeys(key, place))).includes(key)
  }

  async function asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (cause) {
      throw new Stop(EXIT.unreachable, `wrangler could not use ${name}: ${describeWranglerFailure(cause)}`, { cause })
    }
  }

  const list = (folder: string) => asked(listKeys(`${folder}/`, place))

  return {
    name,
    exact: false,
    list,
    async readAll(folder) {
      const values = new Map<string, Uint8Array<ArrayBuffer>>()
      for (const key of await list(folder)) {
        const bytes = await fetchValue(key)
        if (bytes !== undefined) values.set(key, bytes)
      }
      return values
    },
    async read(key) {
      // From the account, absence is an error like any other; so there the list comes first.
      return place.kind === 'local' || (await isListed(key)) ? fetchValue(key) : undefined
    },
    async write(key, bytes) {
      const folder = await mkdtemp(join(tmpdir(), 'postern-put-'))
      try {
        const file = join(folder, 'value')
        await writeFile(file, bytes, { mode: 0o600 })
        await asked(putKey(key, file, place))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    delete: (key) => asked(deleteKey(key, place)),
    exclusively: (work) => work(),
  }
}

/** What wrangler said, without its banner: the lines of its error, or how it ended. */
export function describeWranglerFailure(cause: unknown): string {
  const failure = Object(cause) as { readonly stderr?: Uint8Array; readonly message?: string }
  const said = failure.stderr === undefined ? '' : new TextDecoder().decode(failure.stderr)
  const lines = said.replace(/\u001b\[[0-9;]*m/g, '').split('\n')
  const error = lines.find((line) => line.includes('ERROR'))?.replace(/^.*?ERROR\]?\s*/, '')
  return printable(error ?? failure.message ?? 'wrangler exited without an error message', REASON_MAX_LENGTH)
}
