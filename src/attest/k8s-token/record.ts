// What a session keeps of a service account token, and the reading of it: what the pins of a policy are checked against
// that is not among the attributes.
import { isJsonObject, type Json } from '../../core/json.ts'
import type { ParsedToken } from '../../token/parse.ts'
import type { K8sTokenPins } from './config.ts'

export interface TokenFacts {
  /** Of a token all that it is meant for; of a session those that its policy accepted. */
  readonly audiences: readonly string[]
  /** `exp - iat` */
  readonly lifetimeSeconds: number
}

export function factsOf({ audiences, expiresAtSeconds, issuedAtSeconds }: ParsedToken): TokenFacts {
  return { audiences, lifetimeSeconds: expiresAtSeconds - issuedAtSeconds }
}

export function acceptedAudiences({ audiences }: K8sTokenPins, defaultAudience: string): readonly string[] {
  return audiences ?? [defaultAudience]
}

/** Only accepted audiences: a session is not to stay good by one that nobody accepted when it was issued. */
export function recordFacts(facts: TokenFacts, pins: K8sTokenPins, defaultAudience: string): Json {
  const wanted = acceptedAudiences(pins, defaultAudience)
  const audiences = [...new Set(facts.audiences)].filter((audience) => wanted.includes(audience))
  return { audiences, lifetimeSeconds: facts.lifetimeSeconds }
}

/** {@link recordFacts} the other way round; `undefined` if these are not such facts. */
export function readFacts(json: Json): TokenFacts | undefined {
  if (!isJsonObject(json)) return undefined
  const { audiences, lifetimeSeconds } = json
  if (!Array.isArray(audiences) || !audiences.every((item): item is string => typeof item === 'string'))
    return undefined
  if (typeof lifetimeSeconds !== 'number' || !Number.isInteger(lifetimeSeconds)) return undefined
  return { audiences, lifetimeSeconds }
}

/** Defaults are written out and lists sorted, each entry once: what decides, and not how it was written. */
export function describePins(pins: K8sTokenPins, defaultAudience: string): Json {
  return {
    issuer: pins.issuer,
    audiences: sorted(acceptedAudiences(pins, defaultAudience)),
    namespace: pins.namespace ?? null,
    serviceAccount: pins.serviceAccount ?? null,
    allowedServiceAccounts: sorted(pins.allowedServiceAccounts),
    allowedNodes: sorted(pins.allowedNodes),
    requireBoundPod: pins.requireBoundPod,
    maxLifetimeSeconds: pins.maxLifetimeSeconds,
  }
}

function sorted(list: readonly string[] | undefined): Json {
  return list === undefined ? null : [...new Set(list)].sort()
}
