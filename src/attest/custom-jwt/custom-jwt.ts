// `custom_jwt`: a token of any issuer, held against the claims that a policy requires.
import type { Attributes } from '../../attribute/attribute.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { pass } from '../../core/result.ts'
import type { Check } from '../check.ts'
import { restoreClaims } from '../oidc/claim-attributes.ts'
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { findClaim, makeClaimAttribute } from './claims.ts'
import { type ClaimScalar, type CustomPins, compileCustomJwt, customJwtConfigSchema, listKeys } from './config.ts'

interface CustomClaims {
  readonly claims: JsonObject
  /** Only some claims are known, since these are of recorded attributes: one that is not there may have been. */
  readonly isPartial?: true
}

export const customJwt = oidcAttestor({
  type: 'custom_jwt',
  words: {
    evidence: 'a token of an issuer of your own',
    summary:
      'A JWT of any issuer, verified by keys that are discovered, served as a set, or written into the document. It proves what its issuer says: the policy names the claims that it requires, and those that become attributes.',
  },
  configSchema: customJwtConfigSchema,
  form: 'a token of this issuer',
  advice: {
    audience: 'request a token for an audience of the gateway',
    lifetime: 'have the issuer sign tokens of a shorter lifetime',
  },
  keys: listKeys,
  compile: compileCustomJwt,
  read: ({ claims }) => pass<CustomClaims>({ claims }),
  describe: ({ claims }) => (typeof claims['sub'] === 'string' ? claims['sub'] : 'no subject'),
  checks: checkClaims,
  attributes(issuer, { claims }, pins) {
    const copied = (pins?.attributeClaims ?? []).flatMap(
      (name) => makeClaimAttribute(name, findClaim(claims, name)) ?? [],
    )
    return [{ origin: 'custom_jwt', name: 'custom_jwt.issuer', value: issuer }, ...copied]
  },
  // What the policy requires, under the names that it uses: a session outlives the token.
  record: ({ claims }, { requiredClaims }) =>
    Object.fromEntries(
      Object.keys(requiredClaims).flatMap((name) => {
        const value = findClaim(claims, name)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  restore: restoreCustom,
  readClaimed: () => ({}),
})

function restoreCustom(
  attributes: Attributes,
  recorded: Json | undefined,
): { readonly issuer: string; readonly own: CustomClaims } | undefined {
  const restored = restoreClaims('custom_jwt', attributes)
  if (restored === undefined) return undefined
  if (recorded === undefined) return { issuer: restored.issuer, own: { claims: {}, isPartial: true } }
  return isJsonObject(recorded) ? { issuer: restored.issuer, own: { claims: recorded } } : undefined
}

/** One check per claim, in the order of the document. */
function* checkClaims({ claims, isPartial }: CustomClaims, { requiredClaims }: CustomPins): Generator<Check> {
  for (const [name, expected] of Object.entries(requiredClaims)) {
    const actual = findClaim(claims, name)
    const check = {
      name: `claim ${name}`,
      expected: expected.map(describe),
      actual: actual === undefined ? undefined : describe(actual),
    }
    if (isPartial && actual === undefined) {
      yield { ...check, refusal: undefined, unknown: 'attributes do not record this: explain the evidence instead' }
      continue
    }
    const isAccepted = [actual].flat().some((one) => expected.includes(one as ClaimScalar))
    const detail =
      actual === undefined
        ? `the token does not have the claim ${quoteText(name)}, which the policy requires`
        : `the claim ${quoteText(name)} is ${describe(actual)}, which is not allowed to log in`
    const refusal = {
      code: 'claim_not_allowed',
      detail,
      audit: { [`requiredClaims.${name}`]: check.expected },
    } as const
    yield { ...check, refusal: isAccepted ? undefined : refusal }
  }
}

/** A value with its JSON type, since the number 1 is not the string "1". */
function describe(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return typeof value === 'string'
    ? quoteText(text, QUOTED_CLAIM_MAX_CHARACTERS)
    : `${Array.isArray(value) ? 'the list' : `the ${typeof value}`} ${text.slice(0, QUOTED_CLAIM_MAX_CHARACTERS)}`
}
