// Claims in place of a token, for people who may not or will not hand out the token itself. They are explained as a token
// would be, but there is no signature, so every key leaves them undecided: claims alone never admit.
import { encodeBase64url } from '../core/base64.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { encodeUtf8 } from '../core/utf8.ts'
import type { RequestKeys } from '../token/keys/key-source.ts'
import type { ParsedToken } from '../token/parse.ts'

/** The header of a token whose header is not known. */
const DEFAULT_HEADER = { alg: 'RS256', typ: 'JWT' } as const

/** Stands where a signature would be. No algorithm makes 16 zero bytes. */
const NO_SIGNATURE = new Uint8Array(16)

/** Makes the string that a row parses like a token. It can never verify: see {@link leaveUnsigned}. */
export function makeUnsignedToken(claims: JsonObject, header: JsonObject = DEFAULT_HEADER): string {
  return [encodeUtf8(JSON.stringify(header)), encodeUtf8(JSON.stringify(claims)), NO_SIGNATURE]
    .map((part) => encodeBase64url(part))
    .join('.')
}

function isUnsigned({ signature }: ParsedToken): boolean {
  return signature.length === NO_SIGNATURE.length && signature.every((byte) => byte === 0)
}

/** The same keys, but for claims without a signature none, wherever the keys come from. */
export function leaveUnsigned(keys: RequestKeys): RequestKeys {
  return {
    ...keys,
    find: (spec, token) =>
      isUnsigned(token) ? Promise.resolve({ kind: 'refused', refusal: NOT_SIGNED }) : keys.find(spec, token),
    look: (spec, token) => (isUnsigned(token) ? 'fits' : keys.look(spec, token)),
    inHand: () => leaveUnsigned(keys.inHand()),
  }
}

/** Counts as a key that could not be had: the check is unknown, neither passed nor failed. */
const NOT_SIGNED = {
  code: 'signing_key_fetch_failed',
  detail: 'not checked: these are claims without a token, so there is no signature to verify',
} as const

/**
 * Replaces `{claims, header?}` by a token in the evidence of each attestation of a login body. Anything else is left as it is.
 *
 * @param body a login body that may hold claims where tokens belong
 */
export function fillInTokens(body: Json): Json {
  const attestations = isJsonObject(body) ? body['attestations'] : undefined
  if (!isJsonObject(body) || !Array.isArray(attestations)) return body
  return { ...body, attestations: (attestations as readonly Json[]).map(fillInToken) }
}

function fillInToken(attestation: Json): Json {
  const evidence = isJsonObject(attestation) ? attestation['evidence'] : undefined
  if (!isJsonObject(attestation) || !isJsonObject(evidence)) return attestation
  const { claims, header, ...rest } = evidence
  if (!isJsonObject(claims) || (header !== undefined && !isJsonObject(header)) || 'token' in evidence)
    return attestation
  return { ...attestation, evidence: { ...rest, token: makeUnsignedToken(claims, header) } }
}
