// Keys for a login that is explained offline: those of the document, or those that the person has given in the place of
// a fetch. Nothing is fetched; where keys are wanting, the login stays undecided.
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { type KeySet, readKeySet } from '../../token/keys/key-set.ts'
import { createKeySources, type KeySources, lookUpIn } from '../../token/keys/key-source.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'

/** `given` serves for every source that would be fetched. */
export function createOfflineKeySources(given: KeySet | undefined, io: Io): KeySources {
  const inner = createKeySources({
    fetch: () => Promise.reject(new Error('offline')),
    clock: io.clock,
    sleep: () => Promise.resolve(),
    allowLoopback: false,
  })
  return {
    status: inner.status,
    noteVerified: inner.noteVerified,
    async find(spec, token, background) {
      if (spec.kind === 'inline') return inner.find(spec, token, background)
      if (given === undefined) return { kind: 'refused', refusal: KEYS_WANTING }
      return lookUpIn(given, token, 'issuer')
    },
  }
}

const KEYS_WANTING = {
  code: 'signing_key_fetch_failed',
  detail: 'not checked, nor the signature: nothing is fetched offline; give the key set of the issuer with --jwks FILE',
} as const

/** A key set as the issuer publishes it. */
export async function readGivenKeys(file: string, io: Io): Promise<KeySet> {
  const json = parseJsonBytes(await readDocumentFile(file, io), JSON_DEPTH_MAX)
  if (!json.ok) {
    const fault = json.fault.replaceAll('_', ' ')
    throw new Stop(EXIT.usage, `Cannot read ${file} as JSON: ${fault} at offset ${json.offset}`)
  }
  const keys = isJsonObject(json.value) ? readKeySet(json.value) : undefined
  if (keys === undefined) {
    throw new Stop(
      EXIT.usage,
      `Cannot read ${file} as a key set: it needs a list "keys"; take what the jwks_uri serves`,
    )
  }
  for (const { index, reason } of keys.skipped)
    io.err(`${printable(file)}: key ${index} is skipped: ${printable(reason)}\n`)
  return keys
}
