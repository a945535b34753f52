// The keys that a person gives in place of a fetch: a key set, several of them, one key, or PEM. What is not a key is said
// with its place: a key that is skipped in silence would leave a signature unchecked without a word.
import { isJsonObject, type Json, parseJson } from '../core/json.ts'
import { JSON_DEPTH_MAX, KEY_SET_MAX_BYTES } from '../core/limits.ts'
import { type KeySet, readKeySet } from '../token/keys/key-set.ts'
import { readPemKey } from '../token/keys/pem-key.ts'

export interface GivenKeys {
  /** Those of JWK sets, found by their `kid`; a set whose keys cannot be used is there too, as a gateway would have it. */
  readonly named?: KeySet
  /** Those of PEM, which has no names: see `isNameless`. */
  readonly nameless?: KeySet
  /** What could not be used, each as a sentence. */
  readonly faults: readonly string[]
}

/**
 * Reads keys from text.
 * @param text - a JWK Set (RFC 7517 section 5), a key of one, an array of these, or public keys in PEM
 * @returns `undefined` if there is nothing in it
 */
export function readGivenKeys(text: string): GivenKeys | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (trimmed.length > 4 * KEY_SET_MAX_BYTES)
    return fail(`the keys have over ${4 * KEY_SET_MAX_BYTES} characters: give those of the issuers in question`)
  if (trimmed.startsWith('-----BEGIN ')) return readPem(trimmed)
  const json = parseJson(trimmed, JSON_DEPTH_MAX)
  if (!json.ok) return fail(`the keys are not valid JSON: ${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`)
  const listed = listKeys(json.value)
  if ('fault' in listed) return fail(listed.fault)
  const named = readKeySet({ keys: listed.keys })
  if (named === undefined) return fail('the keys are not a key set')
  const faults = named.skipped.map(({ index, kid, reason }) => `key ${kid ?? index} is not used: ${reason}`)
  return { named, faults: named.keys.length + faults.length === 0 ? [EMPTY] : faults }
}

const EMPTY = 'the key set is empty: no signature verifies with it'

function fail(fault: string): GivenKeys {
  return { faults: [fault] }
}

function listKeys(json: Json): { readonly keys: readonly Json[] } | { readonly fault: string } {
  if (Array.isArray(json)) {
    const keys: Json[] = []
    for (const item of json as readonly Json[]) {
      const listed = listKeys(item)
      if ('fault' in listed) return listed
      keys.push(...listed.keys)
    }
    return { keys }
  }
  if (isJsonObject(json)) {
    const { keys, kty, jwks_uri: address } = json
    if (Array.isArray(keys)) return { keys: keys as readonly Json[] }
    if (typeof kty === 'string') return { keys: [json] }
    if (typeof address === 'string')
      return { fault: 'this is a discovery document, which names its keys only: give what its jwks_uri serves' }
  }
  return { fault: 'expected a key set ({"keys": [...]}), one key (JWK) or PEM' }
}

function readPem(text: string): GivenKeys {
  const jwks: Readonly<Record<string, string>>[] = []
  const faults: string[] = []
  for (const [index, block] of text.split(/(?<=-----END [A-Z ]+-----)\s*/).entries()) {
    if (block.trim() === '') continue
    const label = /^-----BEGIN ([A-Z ]+)-----/.exec(block)?.[1]
    const key = readPemKey(block)
    if ('jwk' in key) jwks.push(key.jwk)
    else if (label === 'CERTIFICATE')
      faults.push(`block ${index + 1} is a certificate: give its key, as openssl x509 -pubkey -noout prints it`)
    else if (label?.includes('PRIVATE') === true)
      faults.push(`block ${index + 1} is a private key, which must not be pasted anywhere: give the public key`)
    else faults.push(`block ${index + 1} cannot be used: ${key.fault}`)
  }
  const read = readKeySet({ keys: jwks })
  const skipped = (read?.skipped ?? []).map(({ index, reason }) => `key ${index + 1} is not used: ${reason}`)
  const nameless = read === undefined || read.count === 0 ? {} : { nameless: { ...read, isNameless: true as const } }
  return { ...nameless, faults: [...faults, ...skipped] }
}
