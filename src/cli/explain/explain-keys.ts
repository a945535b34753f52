// Signing keys for a login that is explained offline: those in the document, or those given with --jwks in place of a
// fetch. Nothing is fetched; if keys are missing, the login stays undecided.
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type KeySet, readKeySet } from '../../token/keys/key-set.ts'
import { type KeyLookup, lookUpIn, type RequestKeys } from '../../token/keys/key-source.ts'
import type { KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import type { ParsedToken } from '../../token/parse.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'

/** Creates a key lookup without network access. `given` replaces every key set that would be fetched. */
export function createOfflineKeys(given: KeySet | undefined): RequestKeys {
  const keys: RequestKeys = {
    find: (spec, token) => Promise.resolve(findOffline(spec, token)),
    look: () => 'fits',
    noteVerified: () => undefined,
    inHand: () => keys,
  }

  function findOffline(spec: KeySourceSpec, token: ParsedToken): KeyLookup {
    if (spec.kind === 'inline') return lookUpIn(spec.keys, token, 'document')
    return given === undefined ? { kind: 'refused', refusal: KEYS_MISSING } : lookUpIn(given, token, 'issuer')
  }

  return keys
}

const KEYS_MISSING = {
  code: 'signing_key_fetch_failed',
  detail:
    'neither the key nor the signature was checked, since keys are not fetched offline: give the key set of the issuer with --jwks FILE',
} as const

/** Reads a key set (RFC 7517 section 5) from a file, as the issuer publishes it. Unusable keys are reported and skipped. */
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
      `Cannot read ${file} as a key set: "keys" must be an array: use the document that the jwks_uri serves`,
    )
  }
  for (const { index, reason } of keys.skipped)
    io.err(`${printable(file)}: key ${index} is skipped: ${printable(reason)}\n`)
  return keys
}

/** The refusal for a section of the trust domain that is not beside the document. */
export function makeOfflineRefusal(section: string, file: string): Refusal {
  return { code: 'section_unavailable', detail: `not checked: there is no ${section} of the trust domain in ${file}` }
}

export const NOT_ASKED_OFFLINE: Refusal = {
  code: 'call_out_unanswered',
  detail: 'not checked: other services are not called offline',
}

export const NOT_OPENED_OFFLINE: Refusal = {
  code: 'call_out_unanswered',
  detail: 'not checked: only the gateway opens its challenges',
}
