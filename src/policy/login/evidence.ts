// The pieces of evidence of one login, opened: well-formed, not verified, each with the policies that it could satisfy.
import type { Attestor } from '../../attest/attestor.ts'
import type { Claimed } from '../../attest/claimed.ts'
import type { Opened, OpenedChallenge, Requirement, Verified } from '../../attest/shapes.ts'
import { digestText } from '../../core/digest.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Checked } from '../../core/result.ts'
import type { Candidates, PolicySet } from '../policy.ts'
import {
  CHALLENGE_MISSING,
  describeUnknownSelector,
  describeUnrequired,
  describeUnsupported,
} from './login-refusals.ts'

/** One attestation of the request. `evidence` has passed the attestor's schema; no attestor: the type is unknown. */
export interface Attestation {
  readonly type: string
  readonly attestor: Attestor | undefined
  readonly evidence: unknown
  /** The challenge that came back with it, opened or refused. */
  readonly challenge?: Checked<OpenedChallenge>
}

/** What one anchor says of evidence. */
export type Verdict = Checked<Verified>

/** Evidence that some policy could use. */
export interface Piece {
  readonly type: string
  readonly attestor: Attestor
  readonly opened: Opened
  readonly candidates: Candidates
  /** The id of the challenge that it answers. */
  readonly challengeId?: string
  /** By the id of the anchor; see `createVerifier`. */
  readonly verdicts: Map<string, Verdict>
}

export interface ReadAttestation {
  readonly attestation: Attestation
  /** Absent for evidence that could not be read. */
  readonly opened?: Opened
  /** The piece, or why no policy can use it. */
  readonly piece: Piece | { readonly refusal: Refusal }
}

/** Opens one attestation. Evidence of a type that no policy requires is not parsed. */
export function readAttestation(attestation: Attestation, policies: PolicySet): ReadAttestation {
  const { type, attestor, evidence, challenge } = attestation
  const refused = (refusal: Refusal, opened?: Opened): ReadAttestation => ({
    attestation,
    ...(opened === undefined ? {} : { opened }),
    piece: { refusal },
  })
  if (!policies.asksFor(type)) return refused(describeUnrequired(type))
  if (attestor === undefined) return refused(describeUnsupported(type))
  if (challenge?.ok === false) return refused(challenge.refusal)
  if (attestor.challenge !== undefined && challenge === undefined) return refused(CHALLENGE_MISSING)
  const read = attestor.open(evidence, challenge?.value)
  if (!read.ok) return refused(read.refusal)
  const opened = read.value
  const candidates = policies.candidatesFor(type, opened.selector)
  if (candidates !== undefined) {
    const answered = challenge === undefined ? {} : { challengeId: challenge.value.id }
    return { attestation, opened, piece: { type, attestor, opened, candidates, ...answered, verdicts: new Map() } }
  }
  const { selector = '' } = opened
  const expected = policies.selectorsFor(type)
  return refused(attestor.refuseSelector?.(selector, expected) ?? describeUnknownSelector(type, expected), opened)
}

/** One requirement of a policy, and the evidence for it, if there is any. */
export interface Match {
  readonly requirement: Requirement
  readonly piece: Piece | undefined
}

/** Finds the evidence for each requirement. A login has at most one piece of each type. */
export function matchEvidence(requirements: readonly Requirement[], pieces: readonly Piece[]): readonly Match[] {
  const matches: Match[] = []
  for (const requirement of requirements) matches.push({ requirement, piece: findPiece(requirement, pieces) })
  return matches
}

function findPiece(requirement: Requirement, pieces: readonly Piece[]): Piece | undefined {
  for (const piece of pieces) if (fitsRequirement(requirement, piece)) return piece
  return undefined
}

/** Tells whether the requirement accepts evidence of this type and selector. */
export function fitsRequirement({ type, selector }: Requirement, piece: Piece): boolean {
  return type === piece.type && (selector === undefined || selector === piece.opened.selector)
}

/** Call-outs verify nothing: they are made last, and never stand in for a verification. */
export function isCallOut({ piece }: Match): boolean {
  return piece?.attestor.callOut !== undefined
}

/** Identifies evidence in the audit record; never contains the evidence itself. */
export interface EvidenceName {
  readonly type: string
  /** SHA-256 (base64url) of `Opened.digestible`; absent for evidence that was not opened. */
  readonly digest?: string
  /** Why the evidence was refused, independent of policies. The same object is in the trace of each of them. */
  readonly refusal?: Refusal
  /** Reads its unverified claims; absent for an unknown type. A function, because most logins do not need it. */
  readonly readClaimed?: () => Claimed
}

/** Names evidence of a request that was refused before the evidence was opened. */
export function nameUnopened({ type, attestor, evidence }: Attestation): EvidenceName {
  return { type, ...(attestor === undefined ? {} : { readClaimed: () => attestor.readClaimed(evidence) }) }
}

export function nameEvidence({ attestation, opened }: ReadAttestation, refusal: Refusal | undefined): EvidenceName {
  return {
    ...nameUnopened(attestation),
    ...(opened === undefined ? {} : { digest: digestText(opened.digestible) }),
    ...(refusal === undefined ? {} : { refusal }),
  }
}
