// Signing keys for a login that is explained offline: those in the document, or those given in place of a fetch. Nothing is
// fetched; if keys are missing, the login stays undecided.
import type { WebhookReply } from '../attest/webhook-call.ts'
import type { Refusal } from '../core/refusal.ts'
import { refuse } from '../core/result.ts'
import { type KeyLookup, lookUpIn } from '../token/keys/key-lookup.ts'
import type { KeySet } from '../token/keys/key-set.ts'
import type { RequestKeys } from '../token/keys/key-source.ts'
import type { KeySourceSpec } from '../token/keys/key-source-spec.ts'
import type { ParsedToken } from '../token/parse.ts'

/**
 * Creates a key lookup without network access.
 * @param given - replaces every key set that would be fetched
 * @param nameless - keys without names, such as those of PEM: tried where `given` does not have the token's key
 */
export function createOfflineKeys(given: KeySet | undefined, nameless?: KeySet): RequestKeys {
  const keys: RequestKeys = {
    find: (spec, token) => Promise.resolve(findOffline(spec, token)),
    look: () => 'fits',
    noteVerified: () => undefined,
    inHand: () => keys,
  }

  function findOffline(spec: KeySourceSpec, token: ParsedToken): KeyLookup {
    if (spec.kind === 'inline') return lookUpIn(spec.keys, token, 'document')
    const named = given === undefined ? KEYS_MISSING : lookUpIn(given, token, 'issuer')
    return named.kind === 'refused' && nameless !== undefined ? lookUpIn(nameless, token, 'issuer') : named
  }

  return keys
}

const KEYS_MISSING = {
  kind: 'refused',
  refusal: {
    code: 'signing_key_fetch_failed',
    detail:
      'neither the key nor the signature was checked, since keys are not fetched offline: give the key set of the issuer',
  },
} as const

/** The refusal for a section of the trust domain that is not beside the document. */
export function makeOfflineRefusal(section: string, file: string): Refusal {
  return { code: 'section_unavailable', detail: `not checked: there is no ${section} of the trust domain in ${file}` }
}

export const NOT_ASKED_OFFLINE: Refusal = {
  code: 'call_out_unanswered',
  detail: 'not checked: other services are not called offline',
}

export async function callOffline(): Promise<WebhookReply> {
  return { requestDigest: '', tries: 0, durationMillis: 0, answer: refuse(NOT_ASKED_OFFLINE) }
}

export const NOT_OPENED_OFFLINE: Refusal = {
  code: 'call_out_unanswered',
  detail: 'not checked: only the gateway opens its challenges',
}
