// The verification of a token step by step, as an operator reads it: times, key, signature.
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Checked } from '../../core/result.ts'
import type { KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import { checkTimes, type ParsedToken } from '../../token/parse.ts'
import type { AttestContext } from '../attest-context.ts'
import type { Check } from '../check.ts'

export function explainTimes(token: ParsedToken, { nowSeconds, skewSeconds }: AttestContext): Check {
  const timely = checkTimes(token, nowSeconds, skewSeconds)
  return {
    name: 'times',
    expected: `valid at ${formatInstant(nowSeconds)}, within ${skewSeconds} s`,
    actual: `${formatInstant(token.issuedAtSeconds)} to ${formatInstant(token.expiresAtSeconds)}`,
    refusal: timely.ok ? undefined : timely.refusal,
  }
}

function formatInstant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** A token without a key has no signature to check. */
export function explainSignature(
  { header: { alg, kid } }: ParsedToken,
  source: KeySourceSpec,
  verified: Checked<unknown>,
): readonly Check[] {
  const expected = describeKeySource(source)
  const actual = kid === undefined ? `${alg}, no kid` : `${alg}, kid ${quoteText(kid, QUOTED_CLAIM_MAX_CHARACTERS)}`
  const refusal = verified.ok ? undefined : verified.refusal
  if (refusal !== undefined && refusal.code !== 'signature_invalid') return [{ name: 'key', expected, actual, refusal }]
  return [
    { name: 'key', expected, actual, refusal: undefined },
    { name: 'signature', expected: 'by that key', actual: undefined, refusal },
  ]
}

/** Describes a source of keys for operators. */
function describeKeySource(source: KeySourceSpec): string {
  switch (source.kind) {
    case 'inline':
      return 'a key of the document (jwks)'
    case 'jwks_uri':
      return `a key at ${source.url}`
    case 'discovery':
      return `a key that ${source.issuer} publishes`
  }
}
