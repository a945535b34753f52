// What the audit record holds of a call-out that failed.
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'

/**
 * @param url without its query in the record: services take secrets there
 * @param failure completes a sentence about the call, for operators
 */
export function describeCallOut(url: string, failure: string) {
  const [address = ''] = url.split(/[?#]/, 1)
  return { callOutUrl: quoteText(address, QUOTED_CLAIM_MAX_CHARACTERS), callOutFailure: failure } as const
}
