// One policy against the evidence at hand: every attestor, then every condition, then the call-outs.
import type { AttestContext } from '../../attest/attest-context.ts'
import type { Requirement } from '../../attest/attestor.ts'
import { findFirstRefusal } from '../../attest/check.ts'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { resolveAttribute } from '../../attribute/catalogue.ts'
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { SessionProof } from '../../token/session/session-claims.ts'
import { checkConditions, type FuelTank } from '../conditions.ts'
import type { Policy } from '../policy.ts'
import { fitsRequirement, type Piece } from './evidence.ts'
import { describeEmptyPolicy, describeMissingAttestor, describeUnsupported, isWaiting } from './login-refusals.ts'
import { digestAsked } from './pins-digest.ts'
import type { EvidenceRefusal } from './trials.ts'
import type { Verdicts } from './verdicts.ts'

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
}

/**
 * Tries one policy. All evidence that it requires must have a verdict. A policy with call-outs also needs
 * {@link askCallOuts}.
 */
export function tryPolicy(
  policy: Policy,
  pieces: readonly Piece[],
  verdicts: Verdicts,
  context: TryContext,
  tank: FuelTank,
): Tried {
  const tried = checkAttestors(policy, pieces, verdicts, context)
  if (tried.kind === 'failed') return tried
  if (policy.conditions.length === 0) return tried
  const proved = new Map(tried.attributes.map(({ name, value }) => [name, value]))
  const refusal = checkConditions(policy.conditions, proved, context.engine, tank)
  if (refusal === undefined) return tried
  // A condition speaks for all attestors of the policy.
  const refusals = policy.requirements.map(({ type }) => ({ type, refusal }))
  return { kind: 'failed', refusals, waiting: undefined, attestorsPassed: true }
}

/** Makes the call-outs of a policy that is otherwise satisfied. `held`: what its other attestors proved. */
export async function askCallOuts(
  policy: Policy,
  held: Proof,
  pieces: readonly Piece[],
  context: TryContext,
): Promise<Tried> {
  const proved = new Map(held.attributes.map(({ name, value }) => [name, value]))
  const answers = listCallOuts(policy, pieces).map(async (requirement) => ({
    type: requirement.type,
    result: await callOut(requirement, pieces, proved, context),
  }))
  return settle([{ type: '', result: pass(held) }, ...(await Promise.all(answers))])
}

export function listCallOuts({ requirements }: Policy, pieces: readonly Piece[]): readonly Requirement[] {
  return requirements.filter((requirement) => isCallOut(requirement, pieces))
}

function checkAttestors(policy: Policy, pieces: readonly Piece[], verdicts: Verdicts, context: TryContext): Tried {
  const direct = policy.requirements.filter((requirement) => !isCallOut(requirement, pieces))
  // An empty conjunction is true in logic and would admit every login here, and call-outs verify nothing. The compiler
  // refuses both, and so does the evaluator.
  if (direct.length === 0) return failPolicy([{ type: '', refusal: describeEmptyPolicy() }])
  return settle(
    direct.map((requirement) => ({
      type: requirement.type,
      result: prove(requirement, policy, pieces, verdicts, context),
    })),
  )
}

interface Answer {
  readonly type: string
  readonly result: Checked<Proof>
}

function settle(answers: readonly Answer[]): Tried {
  const refusals = answers.flatMap(({ type, result }) => (result.ok ? [] : [{ type, refusal: result.refusal }]))
  if (refusals.length > 0) return failPolicy(refusals)
  const held = answers.flatMap(({ result }) => (result.ok ? [result.value] : []))
  return {
    kind: 'satisfied',
    attributes: held.flatMap(({ attributes }) => attributes),
    proofs: held.flatMap(({ proofs }) => proofs),
    expiresAtSeconds: Math.min(...held.map(({ expiresAtSeconds }) => expiresAtSeconds)),
  }
}

function failPolicy(refusals: readonly EvidenceRefusal[]): Tried {
  const isOpen = refusals.every(({ refusal }) => isWaiting(refusal))
  return { kind: 'failed', refusals, waiting: isOpen ? refusals[0]?.refusal : undefined, attestorsPassed: false }
}

function isCallOut(requirement: Requirement, pieces: readonly Piece[]): boolean {
  return pieces.some((piece) => fitsRequirement(requirement, piece) && piece.attestor.callOut !== undefined)
}

function prove(
  requirement: Requirement,
  policy: Policy,
  pieces: readonly Piece[],
  verdicts: Verdicts,
  context: TryContext,
): Checked<Proof> {
  const { type, anchor, pins } = requirement
  if (requirement.unsupported) return refuse(describeUnsupported(type))
  const piece = pieces.find((one) => fitsRequirement(requirement, one))
  if (piece === undefined) return refuse(describeMissingAttestor(type, policy))
  const verdict = verdicts.known(piece, anchor.id)
  if (verdict === undefined) throw new Error(`the policy ${policy.name} was tried before its evidence was verified`)
  if (!verdict.ok) return verdict
  const { attestor } = piece
  const { facts, expiresAtSeconds, anchorId = anchor.id } = verdict.value
  const refusal = findFirstRefusal(attestor.checks(facts, pins, context))
  if (refusal !== undefined) return refuse(refusal)
  const proof = { type, anchor: anchorId, facts: attestor.record?.(facts, pins) ?? null }
  return pass({ attributes: attestor.attributes(facts), proofs: [proof], expiresAtSeconds })
}

async function callOut(
  requirement: Requirement,
  pieces: readonly Piece[],
  proved: Attributes,
  context: TryContext,
): Promise<Checked<Proof>> {
  const { type, anchor, pins } = requirement
  const piece = pieces.find((one) => fitsRequirement(requirement, one))
  if (piece?.attestor.callOut === undefined) throw new Error(`${type} has no call-out`)
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
