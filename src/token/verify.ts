// The signature. A `VerifiedToken` is the very `ParsedToken` that was checked: its claims come from the one decode, so
// that what was verified is what is used. Nothing else makes one, and the next step of a login demands one.
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { describeError } from '../core/thrown.ts'
import { findAnchor } from './keys/anchor.ts'
import type { RequestKeys } from './keys/key-source.ts'
import type { KeySourceSpec } from './keys/key-source-spec.ts'
import type { ParsedToken } from './parse.ts'
import { verifySignatureBytes } from './signature.ts'

declare const verified: unique symbol

/** Only {@link verifySignature} makes one: a key of the named source has signed this token. */
export interface VerifiedToken extends ParsedToken {
  readonly [verified]: true
}

/** A signature that verified. */
export interface Verification {
  readonly token: VerifiedToken
  /** What verified it; see {@link findAnchor}. */
  readonly anchor: string
}

/**
 * Verifies the signature of a token by a key of `spec`. Check its times, audience and issuer first: those checks are
 * cheap. Never throws because of the token or the key.
 *
 * @param sources The key sources of this request, from `KeySources.forRequest`.
 * @returns The token and its anchor; or a refusal of {@link RequestKeys.find}, `signature_invalid` or
 *   `signing_key_unusable`.
 */
export async function verifySignature(
  token: ParsedToken,
  spec: KeySourceSpec,
  sources: RequestKeys,
): Promise<Checked<Verification>> {
  const lookup = await sources.find(spec, token)
  if (lookup.kind === 'refused') return refuse(lookup.refusal)
  const { alg } = token.header
  try {
    const key = await lookup.key.importFor(alg)
    if (!(await verifySignatureBytes(alg, key, token.signature, token.signingInput))) return refuse(SIGNATURE_INVALID)
    sources.noteVerified(spec)
    // The cast is the proof: this is the one place that makes a VerifiedToken.
    return pass({ token: token as VerifiedToken, anchor: await findAnchor(spec, lookup.key) })
  } catch (error) {
    // For a wrong signature of any length every host returns `false`. One that throws could not use the key.
    return refuse(refuseUnusableKey(error))
  }
}

const SIGNATURE_INVALID: Refusal = {
  code: 'signature_invalid',
  detail:
    'JWT verification failed: the signature is not valid for the key that the token names; send the token as issued',
}

/** The key is at fault, or the host: a correctly published key may have a size that this host does not support. */
function refuseUnusableKey(error: unknown): Refusal {
  return {
    code: 'signing_key_unusable',
    detail:
      'JWT verification failed: the key that the token names cannot be used on this host; have the issuer sign with another key (Deno supports RSA keys of at most 4096 bits)',
    audit: { hostFault: describeError(error) },
  }
}
