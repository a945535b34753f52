// A trust domain name (SPIFFE-ID section 2.1). It may look like a DNS name or an IPv4 address and is treated as
// neither.
import { TRUST_DOMAIN_MAX_BYTES } from '../core/limits.ts'
import { failParse, type Parsed } from './parse-result.ts'

declare const parsed: unique symbol
/** A checked trust domain. Only {@link parseTrustDomain} makes one, so it need not be checked again. */
export type TrustDomain = string & { readonly [parsed]: 'TrustDomain' }

export const TRUST_DOMAIN_FAULTS = {
  empty: 'the trust domain is empty',
  too_long: `the trust domain is longer than ${TRUST_DOMAIN_MAX_BYTES} characters`,
  character_forbidden: 'a trust domain may contain only lower-case letters, digits, ".", "-" and "_"',
} as const
export type TrustDomainFault = keyof typeof TRUST_DOMAIN_FAULTS

/** Upper case is refused, not folded: software that compares bytes would take two spellings for two trust domains. */
export function parseTrustDomain(text: string): Parsed<TrustDomain, TrustDomainFault> {
  if (text === '') return failParse('empty')
  const wrong = text.search(/[^a-z0-9._-]/)
  if (wrong >= 0) return failParse('character_forbidden', wrong)
  if (text.length > TRUST_DOMAIN_MAX_BYTES) return failParse('too_long', TRUST_DOMAIN_MAX_BYTES)
  return { ok: true, value: text as TrustDomain }
}
