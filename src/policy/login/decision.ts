// Records what decided a login, and rechecks it. A session ends when its policy would no longer admit it. A policy is
// identified by its requirements, not its name: the digest shows whether they changed, and the record whether the session
// still satisfies them.
import type { PinContext } from '../../attest/attest-context.ts'
import type { Attestor } from '../../attest/attestor.ts'
import { findFirstRefusal } from '../../attest/check.ts'
import type { Requirement } from '../../attest/shapes.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { Attributes } from '../../attribute/attribute.ts'
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import { sha256Base64url } from '../../core/digest.ts'
import { type Json, writeCanonicalJson } from '../../core/json.ts'
import { CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { SessionAttribute, SessionDecision, SessionProof } from '../../token/session/session-claims.ts'
import { checkConditions, createFuelTank } from '../conditions.ts'
import type { Policy } from '../policy.ts'
import { describeUnknownSelector, describeUnsupported } from './login-refusals.ts'
import { describeAsked, digestAsked } from './pins-digest.ts'

export interface DecisionContext extends PinContext {
  readonly attestors: AttestorTable
  readonly engine: ConditionEngine
}

/** What a session records of its login. */
export interface RecordedLogin {
  readonly attributes: readonly SessionAttribute[]
  readonly decision: SessionDecision | undefined
}

export interface Decisions {
  /** Computes the SHA-256 (base64url) of everything that decides in a policy, once per compiled policy. */
  digestPolicy(policy: Policy): Promise<string>
  /**
   * Checks a session against the policy in force that has the name of the one which admitted it.
   *
   * @returns `undefined` if the policy would admit it, or the first refusal. The refusal is for operators: it may show what
   *   the policy expects
   */
  recheck(login: RecordedLogin, policy: Policy): Promise<Refusal | undefined>
}

export function createDecisions(context: DecisionContext): Decisions {
  // Digests, not promises of them: on Workers a promise belongs to the request that made it.
  const digests = new WeakMap<Policy, string>()

  function findRow({ type }: Requirement): Attestor {
    const row = context.attestors.rows.get(type)
    if (row === undefined) throw new Error(`a requirement of ${type}, which no attestor has compiled`)
    return row
  }

  async function digestPolicy(policy: Policy): Promise<string> {
    const kept = digests.get(policy)
    if (kept !== undefined) return kept
    const digest = await sha256Base64url(await describe(policy))
    digests.set(policy, digest)
    return digest
  }

  /** Attestors and conditions must all hold, so neither order nor repetition has a meaning. */
  async function describe({ requirements, conditions }: Policy): Promise<string> {
    const attestors = requirements.map(async (requirement) =>
      writeCanonicalJson({
        type: requirement.type,
        anchors: await listAnchorIds(requirement),
        asked: describeAsked(requirement),
      }),
    )
    return writeCanonicalJson({
      attestors: sortUnique(await Promise.all(attestors)),
      conditions: sortUnique(conditions.map(({ condition }) => condition.text)),
    })
  }

  async function recheck({ attributes, decision }: RecordedLogin, policy: Policy): Promise<Refusal | undefined> {
    if (decision === undefined) return refuseUnrecorded()
    // Such a policy admits no login, and there is no row that could check it.
    const unbuilt = policy.requirements.find((requirement) => requirement.unsupported)
    if (unbuilt !== undefined) return describeUnsupported(unbuilt.type)
    if (decision.digest === (await digestPolicy(policy))) return undefined
    // Exactly one proof per attestor: the session must record what a login would prove now.
    const { requirements, conditions } = policy
    if (requirements.length === 0 || requirements.length !== decision.proofs.length) return refuseOtherAttestors(policy)
    const byName = new Map(attributes.map(({ name, value }) => [name, value]))
    for (const requirement of requirements) {
      const proof = decision.proofs.find(({ type }) => type === requirement.type)
      if (proof === undefined) return refuseOtherAttestors(policy)
      if (!(await listAnchorIds(requirement)).includes(proof.anchor)) return refuseRemovedAnchor(requirement)
      const refusal = recheckPins(requirement, proof, byName)
      if (refusal !== undefined) return refusal
    }
    return checkConditions(conditions, byName, context.engine, createFuelTank(CONDITION_FUEL_PER_REQUEST))
  }

  /** Checks the pins of one requirement against the record. A missing fact is refused, never passed. */
  function recheckPins(requirement: Requirement, { facts }: SessionProof, attributes: Attributes): Refusal | undefined {
    const row = findRow(requirement)
    // A call-out is not repeated: its answer holds as long as the policy asks the same of it.
    if (row.callOut !== undefined) return facts === digestAsked(requirement) ? undefined : UNREADABLE
    const restored = row.restore?.(attributes, facts)
    if (restored === undefined) return UNREADABLE
    const { type, selector } = requirement
    // As in a login: a policy takes no evidence of another selector.
    if (selector !== undefined && restored.selector !== selector)
      return row.refuseSelector?.(restored.selector ?? '', [selector]) ?? describeUnknownSelector(type, [selector])
    return findFirstRefusal(row.checks(restored.facts, requirement.pins, context))
  }

  /** Lists every id by which a session may name the anchor of a requirement. */
  async function listAnchorIds(requirement: Requirement): Promise<readonly string[]> {
    const row = findRow(requirement)
    return (await row.anchorIds?.(requirement.anchor)) ?? [requirement.anchor.id]
  }

  return { digestPolicy, recheck }
}

const UNREADABLE: Refusal = {
  code: 'session_malformed',
  detail: 'the session does not record what the policy checks: log in again',
}

function sortUnique(list: readonly string[]): Json {
  return [...new Set(list)].sort()
}

function refuseUnrecorded(): Refusal {
  return { code: 'session_malformed', detail: 'the session does not record which evidence admitted it: log in again' }
}

function refuseOtherAttestors({ requirements }: Policy): Refusal {
  return {
    code: 'attestor_missing',
    detail: 'the policy requires other attestors than those that admitted the session',
    audit: { requiredAttestors: requirements.map(({ type }) => type) },
  }
}

function refuseRemovedAnchor({ type }: Requirement): Refusal {
  return {
    code: 'signing_key_unknown',
    detail: 'the policy no longer uses the keys that verified the evidence of this session',
    audit: { attestor: type },
  }
}
