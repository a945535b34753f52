// `k8s_token`: a projected service account token of a Kubernetes cluster, verified against the keys of its OIDC issuer.
// Verification by keys cannot see that a pod was deleted (only TokenReview can), so lifetimes are capped, and tokens
// that the API server extended to a year are refused.
import * as v from 'valibot'
import type { Attribute } from '../../attribute/attribute.ts'
import { sha256Base64url } from '../../core/digest.ts'
import { formatInstantSeconds } from '../../core/instant.ts'
import { QUOTED_CLAIM_MAX_CHARACTERS, TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { checkTimes, type ParsedToken, parseToken } from '../../token/parse.ts'
import { type Verification, verifySignature } from '../../token/verify.ts'
import { defineAttestor, type PinContext, type RecordedEvidence, type VerifyContext } from '../attestor.ts'
import { type Check, firstRefusal, type OpenCheck } from '../check.ts'
import { attributesOf, type Binding, isLegacy, legacy, readBinding, recallBinding } from './binding.ts'
import {
  acceptedByAny,
  atMost,
  audienceMismatch,
  checkAudience,
  checkBinding,
  checkLifetime,
  combineAudiences,
  describeKeySource,
  isMeantForAny,
  type WantedAudiences,
} from './checks.ts'
import { readClaimedOfToken } from './claimed.ts'
import { compileK8sToken, type K8sTokenPins } from './config.ts'
import { k8sTokenConfigSchema } from './config-schema.ts'
import { describePins, factsOf, readFacts, recordFacts, type TokenFacts } from './record.ts'

interface OpenedToken {
  readonly selector: string
  readonly token: ParsedToken
  readonly binding: Binding
}

interface VerifiedK8sToken extends Verification {
  readonly binding: Binding
}

export const k8sToken = defineAttestor({
  type: 'k8s_token',
  evidenceSchema: v.strictObject({ token: v.pipe(v.string(), v.nonEmpty()) }),
  configSchema: k8sTokenConfigSchema,
  configOptional: false,
  compile: compileK8sToken,

  open({ token: text }): Checked<OpenedToken> {
    const token = parseToken(text)
    if (!token.ok) return isLegacy(text) ? legacy() : token
    const binding = readBinding(token.value)
    if (!binding.ok) return binding
    return pass({ selector: token.value.issuer, token: token.value, binding: binding.value })
  },

  digest: ({ token }) => sha256Base64url(token.signingInput),
  readClaimed: ({ token }) => readClaimedOfToken(token),
  refuseSelector: issuerMismatch,

  combine: combineAudiences,

  async verify(
    { token, binding },
    wanted: WantedAudiences | undefined,
    keySource,
    context,
  ): Promise<Checked<VerifiedK8sToken>> {
    // Cheap checks first: a token that cannot pass costs neither a key fetch nor a signature.
    if (wanted === undefined) return refuse(issuerMismatch(token.issuer, []))
    const timely = checkTimes(token, context.nowSeconds, context.skewSeconds)
    if (!timely.ok) return timely
    if (!isMeantForAny(token, wanted, context.defaultAudience))
      return refuse(audienceMismatch(token, acceptedByAny(wanted, context.defaultAudience)))
    if (keySource === undefined) throw new Error('a k8s_token requirement has no key source')
    const verified = await verifySignature(token, keySource, context.keySources, context.background)
    return verified.ok ? pass({ ...verified.value, binding }) : verified
  },

  expiresAtSeconds: ({ token }) => token.expiresAtSeconds,
  anchor: ({ anchor }) => anchor,
  facts: ({ token }, pins, { defaultAudience }) => recordFacts(factsOf(token), pins, defaultAudience),

  attributes: ({ token, binding }) => attributesOf(token.issuer, binding),

  accept({ token, binding }, pins, context): Checked<readonly Attribute[]> {
    const refusal = firstRefusal(checkPins(factsOf(token), binding, pins, context))
    return refusal === undefined ? pass(attributesOf(token.issuer, binding)) : refuse(refusal)
  },

  async explain({ token, binding }, keySource, context) {
    if (keySource === undefined) throw new Error('a k8s_token requirement has no key source')
    const verified = await verifySignature(token, keySource, context.keySources, context.background)
    return (pins) => {
      const [audience, ...others] = checkPins(factsOf(token), binding, pins, context)
      const checks: (Check | undefined)[] = [
        formCheck(binding),
        { name: 'issuer', expected: pins.issuer, actual: token.issuer, refusal: undefined },
        timesCheck(token, context),
        audience,
        ...keyChecks(token, describeKeySource(keySource), verified),
        ...others,
      ]
      return { checks: checks.filter((check) => check !== undefined), attributes: attributesOf(token.issuer, binding) }
    }
  },

  recall(attributes) {
    const recalled = recallBinding(attributes)
    if (recalled === undefined) return undefined
    const { issuer, binding } = recalled
    return {
      selector: issuer,
      explain: (pins) => ({
        checks: [
          { name: 'issuer', expected: pins.issuer, actual: issuer, refusal: undefined },
          ...unrecorded(pins),
          ...checkBinding(binding, pins),
        ],
        attributes: attributesOf(issuer, binding),
      }),
    }
  },

  describePins: (pins, { defaultAudience }) => describePins(pins, defaultAudience),

  recheck({ attributes, facts: recorded }: RecordedEvidence, pins, context) {
    const recalled = recallBinding(attributes)
    const facts = readFacts(recorded)
    if (recalled === undefined || facts === undefined) return UNREADABLE_RECORD
    const { issuer, binding } = recalled
    if (issuer !== pins.issuer) return issuerMismatch(issuer, [pins.issuer])
    return firstRefusal(checkPins(facts, binding, pins, context))
  },
})

const UNREADABLE_RECORD: Refusal = {
  code: 'session_malformed',
  detail: 'the session does not record what the policy is checked against: log in again',
}

/** What one policy asks of a token whose issuer, times and signature hold. */
function* checkPins(
  facts: TokenFacts,
  binding: Binding,
  pins: K8sTokenPins,
  { defaultAudience }: PinContext,
): Generator<Check> {
  yield checkAudience(facts, pins, defaultAudience)
  yield checkLifetime(facts, pins)
  yield* checkBinding(binding, pins)
}

function issuerMismatch(issuer: string, expected: readonly string[]): Refusal {
  return {
    code: 'issuer_mismatch',
    detail: `JWT verification failed: issuer mismatch: no policy of this cluster names the issuer ${quoteText(issuer, QUOTED_CLAIM_MAX_CHARACTERS)} of this token; compare literally, trailing slash included`,
    audit: { issuerURL: expected },
  }
}

function formCheck({ namespace, serviceAccount }: Binding): Check {
  const actual = `system:serviceaccount:${namespace}:${serviceAccount.name}`
  return { name: 'form', expected: 'a bound service account token', actual, refusal: undefined }
}

function timesCheck(token: ParsedToken, { nowSeconds, skewSeconds }: VerifyContext): Check {
  const timely = checkTimes(token, nowSeconds, skewSeconds)
  return {
    name: 'times',
    expected: `valid at ${formatInstantSeconds(nowSeconds)}, within ${skewSeconds} s`,
    actual: `${formatInstantSeconds(token.issuedAtSeconds)} to ${formatInstantSeconds(token.expiresAtSeconds)}`,
    refusal: timely.ok ? undefined : timely.refusal,
  }
}

/** One without a key has no signature to check. */
function keyChecks({ header: { alg, kid } }: ParsedToken, expected: string, verified: Checked<unknown>): Check[] {
  const actual = kid === undefined ? `${alg}, no kid` : `${alg}, kid ${quoteText(kid, QUOTED_CLAIM_MAX_CHARACTERS)}`
  const refusal = verified.ok ? undefined : verified.refusal
  if (refusal !== undefined && refusal.code !== 'signature_invalid') return [{ name: 'key', expected, actual, refusal }]
  return [
    { name: 'key', expected, actual, refusal: undefined },
    { name: 'signature', expected: 'by that key', actual: undefined, refusal },
  ]
}

/** Pins on what attributes do not hold. Where the policy states none, the recorded login is taken to have met the default. */
function unrecorded({ audiences, maxLifetimeSeconds }: K8sTokenPins): readonly OpenCheck[] {
  const checks: OpenCheck[] = []
  const unknown = 'attributes do not record it: explain the evidence itself'
  if (audiences !== undefined) checks.push({ name: 'audience', expected: audiences, actual: undefined, unknown })
  if (maxLifetimeSeconds !== TOKEN_LIFETIME_DEFAULT_SECONDS)
    checks.push({ name: 'lifetime', expected: atMost(maxLifetimeSeconds), actual: undefined, unknown })
  return checks
}
