// One policy against the evidence at hand: every attestor, then every condition, then the call-outs; the claims come after them (claim-evidence.ts).
import type { AttestContext } from '../../attest/attest-context.ts'
import { findFirstRefusal } from '../../attest/check.ts'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { resolveAttribute } from '../../attribute/catalogue.ts'
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { SessionProof } from '../../token/session/session-claims.ts'
import { checkConditions, type FuelTank } from '../conditions.ts'
import type { Policy } from '../policy.ts'
import { checkRevocation, type ScopedRevocations } from '../revocation/check-revocation.ts'
import type { SingleUse } from '../single-use/single-use.ts'
import { isCallOut, type Match } from './evidence.ts'
import {
  describeEmptyPolicy,
  describeMissingAttestor,
  describeUnsupported,
  describeUnsupportedHere,
  isWaiting,
  TOO_MANY_CALL_OUTS,
} from './login-refusals.ts'
import { digestAsked } from './pins-digest.ts'
import type { EvidenceRefusal } from './trials.ts'

/** What a satisfied policy rests on. */
export interface Proof {
  readonly attributes: readonly Attribute[]
  /** Of each piece of evidence that the policy used, what its session keeps. */
  readonly proofs: readonly SessionProof[]
  /** The earliest end of the evidence that the policy used. */
  readonly expiresAtSeconds: number
}

export type Tried =
  | ({ readonly kind: 'satisfied' } & Proof)
  | {
      readonly kind: 'failed'
      readonly refusals: readonly EvidenceRefusal[]
      /** The refusal of a source that did not answer, if the policy could otherwise be satisfied. */
      readonly waiting: Refusal | undefined
      /** Its attestors all passed, and one of its conditions did not. */
      readonly attestorsPassed: boolean
    }

export interface TryContext extends AttestContext {
  readonly engine: ConditionEngine
  /** The Revocations documents that apply to the login. Absent: none. */
  readonly revocations?: readonly ScopedRevocations[]
  /** The store of used evidence. Absent: there is none, and a policy that needs one refuses. */
  readonly singleUse?: SingleUse
}

/**
 * Tries one policy. All evidence that it requires must have a verdict. A policy with call-outs also needs
 * {@link askCallOuts}.
 */
export function tryPolicy(policy: Policy, matches: readonly Match[], context: TryContext, tank: FuelTank): Tried {
  const tried = checkAttestors(policy, matches, context)
  if (tried.kind === 'failed') return tried
  const { conditions } = policy
  const refusal =
    conditions.length === 0 ? undefined : checkConditions(conditions, indexAttributes(tried), context.engine, tank)
  return refusal === undefined ? refuseRevoked(tried, policy, context) : failAll(policy, refusal)
}

/** A condition, or a revocation, speaks for all attestors of the policy. */
function failAll({ requirements }: Policy, refusal: Refusal): Tried {
  const refusals = requirements.map(({ type }) => ({ type, refusal }))
  return { kind: 'failed', refusals, waiting: undefined, attestorsPassed: true }
}

/** One piece of evidence is refused after everything else has passed. */
export function failOne(refused: EvidenceRefusal): Tried {
  const waiting = isWaiting(refused.refusal) ? refused.refusal : undefined
  return { kind: 'failed', refusals: [refused], waiting, attestorsPassed: true }
}

/** Refuses what an entry of Revocations names: before a call-out is made, and again with what it answered. */
function refuseRevoked(
  proof: Extract<Tried, { readonly kind: 'satisfied' }>,
  policy: Policy,
  { revocations = [], nowSeconds }: TryContext,
): Tried {
  if (revocations.length === 0) return proof
  const tokenIds = proof.proofs.flatMap(({ tokenId }) => (tokenId === undefined ? [] : [tokenId]))
  const subject = { attributes: indexAttributes(proof), tokenIds }
  const refusal = checkRevocation(revocations, 'evidence_revoked', subject, nowSeconds)
  return refusal === undefined ? proof : failAll(policy, refusal)
}

function indexAttributes({ attributes }: Proof): Attributes {
  return new Map(attributes.map(({ name, value }) => [name, value]))
}

function checkAttestors(policy: Policy, matches: readonly Match[], context: TryContext): Tried {
  const results = createResults()
  let direct = 0
  for (const match of matches) {
    // Call-outs verify nothing.
    if (isCallOut(match)) continue
    direct++
    results.add(match.requirement.type, prove(match, policy, context))
  }
  // An empty conjunction is true in logic and would admit every login here. The compiler refuses it, and so does the
  // evaluator.
  if (direct === 0) results.add('', refuse(describeEmptyPolicy()))
  return results.settle()
}

/** The results of the attestors of one policy, as they come. */
function createResults() {
  const attributes: Attribute[] = []
  const proofs: SessionProof[] = []
  const refusals: EvidenceRefusal[] = []
  let expiresAtSeconds = Number.POSITIVE_INFINITY
  return {
    add(type: string, result: Checked<Proof>): void {
      if (!result.ok) {
        refusals.push({ type, refusal: result.refusal })
        return
      }
      attributes.push(...result.value.attributes)
      proofs.push(...result.value.proofs)
      expiresAtSeconds = Math.min(expiresAtSeconds, result.value.expiresAtSeconds)
    },
    settle(): Tried {
      if (refusals.length === 0) return { kind: 'satisfied', attributes, proofs, expiresAtSeconds }
      const isOpen = refusals.every(({ refusal }) => isWaiting(refusal))
      return { kind: 'failed', refusals, waiting: isOpen ? refusals[0]?.refusal : undefined, attestorsPassed: false }
    },
  }
}

function prove({ requirement, piece }: Match, policy: Policy, context: TryContext): Checked<Proof> {
  const { type, anchor, pins } = requirement
  if (requirement.unsupported) return refuse(describeUnsupported(type))
  if (piece === undefined) return refuse(describeMissingAttestor(type, policy))
  if (requirement.lacks !== undefined) return refuse(describeUnsupportedHere(type, requirement.lacks))
  const { attestor } = piece
  const verdict = piece.verdicts.get(anchor.id)
  if (verdict === undefined) throw new Error(`the policy ${policy.name} was tried before its evidence was verified`)
  if (!verdict.ok) return verdict
  const { facts, expiresAtSeconds, anchorId = anchor.id } = verdict.value
  const refusal = findFirstRefusal(attestor.checks(facts, pins, context))
  if (refusal !== undefined) return refuse(refusal)
  const tokenId = attestor.tokenId?.(facts)
  const proof = {
    type,
    anchor: anchorId,
    facts: attestor.record?.(facts, pins) ?? null,
    ...(tokenId === undefined ? {} : { tokenId }),
  }
  return pass({ attributes: attestor.attributes(facts, pins), proofs: [proof], expiresAtSeconds })
}

/** The call-outs that the request may still make. */
export interface CallOutBudget {
  left: number
}

/** Makes the call-outs of a policy that is otherwise satisfied. `held`: what its other attestors proved. */
export async function askCallOuts(
  policy: Policy,
  held: Proof,
  matches: readonly Match[],
  context: TryContext,
  budget: CallOutBudget,
): Promise<Tried> {
  const asked = matches.filter(isCallOut)
  const proved = indexAttributes(held)
  const results = createResults()
  results.add('', pass(held))
  // Each may take seconds, and policies are tried one after the other.
  const mayAsk = asked.length <= budget.left
  budget.left -= asked.length
  const answers = await Promise.all(
    asked.map((match) => (mayAsk ? callOut(match, proved, context) : refuse(TOO_MANY_CALL_OUTS))),
  )
  for (const [index, answer] of answers.entries()) results.add(asked[index]?.requirement.type ?? '', answer)
  const settled = results.settle()
  return settled.kind === 'satisfied' ? refuseRevoked(settled, policy, context) : settled
}

async function callOut(
  { requirement, piece }: Match,
  proved: Attributes,
  context: TryContext,
): Promise<Checked<Proof>> {
  const { type, anchor, pins } = requirement
  if (piece?.attestor.callOut === undefined) throw new Error(`${type} has no call-out`)
  if (requirement.lacks !== undefined) return refuse(describeUnsupportedHere(type, requirement.lacks))
  const answer = await piece.attestor.callOut(piece.opened.value, anchor, pins, proved, context)
  if (!answer.ok) return answer
  // A service may add attributes of its own origin and must not overwrite others: it could claim any node or namespace.
  const foreign = findForeign(answer.value, type, proved)
  if (foreign !== undefined) throw new Error(`the call-out of ${type} answered the attribute ${foreign.name}`)
  const proof = { type, anchor: anchor.id, facts: digestAsked(requirement) }
  return pass({ attributes: answer.value, proofs: [proof], expiresAtSeconds: Number.POSITIVE_INFINITY })
}

/**
 * Whoever was asked may add what it vouches for, each once, and overwrites nothing. By its name alone an attribute is
 * used later: one that another attestor could prove would make an agent one of any node, any namespace.
 */
function findForeign(answered: readonly Attribute[], type: string, proved: Attributes): Attribute | undefined {
  const names = new Set(proved.keys())
  return answered.find(({ origin, name }) => {
    const known = resolveAttribute(name)
    const isOwn = origin === type && known?.row.origin === type && known.name === name
    if (!isOwn || names.has(name)) return true
    names.add(name)
    return false
  })
}
