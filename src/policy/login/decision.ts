// What decided a login, and whether it would decide so again. A session is revoked with its policy, and a policy is what
// it asks, not what it is called: the digest says whether that changed, and the record whether the session still meets it.
import type { Attestor, PinContext, Requirement } from '../../attest/attestor.ts'
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import { sha256Base64url } from '../../core/digest.ts'
import { canonicalJson, type Json } from '../../core/json.ts'
import { CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { anchorsOf } from '../../token/keys/anchor.ts'
import type { SessionAttribute, SessionDecision } from '../../token/session/session-claims.ts'
import { checkConditions, createFuelTank } from '../conditions.ts'
import type { Policy } from '../policy.ts'
import { unsupported } from './login-refusals.ts'

export interface DecisionContext extends PinContext {
  readonly attestors: ReadonlyMap<string, Attestor>
  readonly engine: ConditionEngine
}

/** What a session says of its login. */
export interface RecordedLogin {
  readonly attributes: readonly SessionAttribute[]
  readonly decision: SessionDecision | undefined
}

export interface Decisions {
  /** SHA-256 (base64url) over all that decides in a policy; computed once for each compiled policy that is used. */
  digestOf(policy: Policy): Promise<string>
  /**
   * Checks a session that a policy of this name admitted against the policy in force: `undefined` if that would admit it,
   * or the first refusal. The refusal is for the operator: it may show what the policy expects.
   */
  recheck(login: RecordedLogin, policy: Policy): Promise<Refusal | undefined>
}

export function createDecisions(context: DecisionContext): Decisions {
  // Digests, not promises of them: on Workers a promise belongs to the request that made it.
  const digests = new WeakMap<Policy, string>()

  function rowOf({ type }: Requirement): Attestor {
    const row = context.attestors.get(type)
    if (row === undefined) throw new Error(`a requirement of ${type}, which no attestor has compiled`)
    return row
  }

  async function digestOf(policy: Policy): Promise<string> {
    const kept = digests.get(policy)
    if (kept !== undefined) return kept
    const digest = await sha256Base64url(await describe(policy))
    digests.set(policy, digest)
    return digest
  }

  /** Attestors and conditions must all hold, so their order decides nothing, and neither does saying one twice. */
  async function describe({ requirements, conditions }: Policy): Promise<string> {
    const attestors = requirements.map(async (requirement) =>
      canonicalJson({
        type: requirement.type,
        anchors: await anchorsOfRequirement(requirement),
        pins: rowOf(requirement).describePins(requirement, context),
      }),
    )
    return canonicalJson({
      attestors: sortedOnce(await Promise.all(attestors)),
      conditions: sortedOnce(conditions.map(({ condition }) => condition.text)),
    })
  }

  async function recheck({ attributes, decision }: RecordedLogin, policy: Policy): Promise<Refusal | undefined> {
    if (decision === undefined) return nothingRecorded()
    // Such a policy admits nobody, and there is no row that could say what it asks.
    const unbuilt = policy.requirements.find((requirement) => requirement.unsupported)
    if (unbuilt !== undefined) return unsupported(unbuilt.type)
    if (decision.digest === (await digestOf(policy))) return undefined
    // One proof for each attestor and none besides: what a session holds is what a login now would prove.
    const { requirements, conditions } = policy
    if (requirements.length === 0 || requirements.length !== decision.proofs.length) return otherAttestors(policy)
    const byName = new Map(attributes.map(({ name, value }) => [name, value]))
    for (const requirement of requirements) {
      const proof = decision.proofs.find(({ type }) => type === requirement.type)
      if (proof === undefined) return otherAttestors(policy)
      if (!(await anchorsOfRequirement(requirement)).includes(proof.anchor)) return anchorGone(requirement)
      const recorded = { attributes: byName, facts: proof.facts }
      const refusal = rowOf(requirement).recheck(recorded, requirement, context)
      if (refusal !== undefined) return refusal
    }
    return checkConditions(conditions, byName, context.engine, createFuelTank(CONDITION_FUEL_PER_REQUEST))
  }

  return { digestOf, recheck }
}

/** A requirement without a source of keys has no anchor that could be shown again: sessions do not outlive its change. */
async function anchorsOfRequirement({ keySource }: Requirement): Promise<readonly string[]> {
  return keySource === undefined ? [] : anchorsOf(keySource)
}

function sortedOnce(list: readonly string[]): Json {
  return [...new Set(list)].sort()
}

function nothingRecorded(): Refusal {
  return { code: 'session_malformed', detail: 'the session does not record what decided its login' }
}

function otherAttestors({ requirements }: Policy): Refusal {
  return {
    code: 'attestor_missing',
    detail: 'the policy requires other attestors than those that admitted the session',
    audit: { requiredAttestors: requirements.map(({ type }) => type) },
  }
}

function anchorGone({ type }: Requirement): Refusal {
  return {
    code: 'signing_key_unknown',
    detail: 'the policy no longer uses the keys that verified the evidence of this session',
    audit: { attestor: type },
  }
}
