// Reads the `attestations` of a login body: checks each by the schema of its attestor, and opens its challenge.
import * as v from 'valibot'
import type { OpenedChallenge } from '../attest/shapes.ts'
import { ATTESTOR_TYPE, type AttestorTable } from '../attest/table.ts'
import { ATTESTATIONS_MAX } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { Attestation } from '../policy/login/evidence.ts'
import { type ChallengeScope, openChallenge } from '../token/challenge.ts'
import { makeChallengeMessage } from '../token/challenge-message.ts'
import type { SealKeys } from '../token/seal-key.ts'
import { checkShape } from './request-body.ts'

export const attestorTypeSchema = v.pipe(
  v.string(),
  v.regex(ATTESTOR_TYPE, 'an attestor type such as "k8s_token"'),
  v.examples(['k8s_token']),
)

export const loginBodySchema = v.strictObject({
  attestations: v.pipe(
    v.array(
      v.strictObject({
        type: attestorTypeSchema,
        // The schema of its attestor checks it later; the published schema is an object with any members.
        evidence: v.pipe(
          v.unknown(),
          v.metadata({
            type: 'object',
            additionalProperties: true,
            description: 'The evidence, in the form of its type',
            examples: [{ token: 'eyJ...' }],
          }),
        ),
        challenge: v.optional(
          v.pipe(v.string(), v.description('The sealed challenge, exactly as the gateway issued it')),
        ),
      }),
    ),
    v.minLength(1),
    v.maxLength(ATTESTATIONS_MAX),
  ),
})

/** An attestation whose challenge, if it has one, is still sealed. */
export interface SealedAttestation extends Omit<Attestation, 'challenge'> {
  readonly sealed?: string
}

/**
 * Refuses with `request_malformed` if a type occurs twice (which of them counts would be ambiguous), a challenge is not
 * expected, or evidence does not match its schema. An unknown type is kept: no policy can require it.
 */
export function readAttestations(
  { attestations }: v.InferOutput<typeof loginBodySchema>,
  { rows }: AttestorTable,
): Checked<readonly SealedAttestation[]> {
  const read: SealedAttestation[] = []
  for (const [index, { type, evidence, challenge: sealed }] of attestations.entries()) {
    if (read.some((other) => other.type === type)) {
      const where = `attestations[${index}].type`
      return refuse({
        code: 'request_malformed',
        detail: `the field ${where} repeats "${type}": send at most one piece of evidence of each type`,
        where,
      })
    }
    const attestor = rows.get(type)
    if (attestor === undefined) {
      read.push({ type, attestor: undefined, evidence: undefined })
      continue
    }
    if (sealed !== undefined && attestor.challenge === undefined) {
      const where = `attestations[${index}].challenge`
      const detail = `the field ${where} is not expected: evidence of type "${type}" needs no challenge. Remove it`
      return refuse({ code: 'request_malformed', detail, where })
    }
    const checked = checkShape(attestor.evidenceSchema, evidence, ['attestations', index, 'evidence'])
    if (!checked.ok) return checked
    read.push({ type, attestor, evidence: checked.value, ...(sealed === undefined ? {} : { sealed }) })
  }
  return pass(read)
}

/** Opens the returned challenges. A refused challenge refuses its evidence, not the request. */
export function openChallenges(
  attestations: readonly SealedAttestation[],
  scope: Omit<ChallengeScope, 'type'>,
  keys: SealKeys,
  nowSeconds: number,
): Promise<readonly Attestation[]> | readonly Attestation[] {
  // Most logins have no challenge: return without a promise.
  if (attestations.every(({ sealed }) => sealed === undefined)) return attestations
  return Promise.all(
    attestations.map(async ({ sealed, ...attestation }) => {
      if (sealed === undefined) return attestation
      const { type } = attestation
      const challenge = await openSealed(sealed, { type, ...scope }, keys, nowSeconds)
      return { ...attestation, challenge }
    }),
  )
}

async function openSealed(
  sealed: string,
  scope: ChallengeScope,
  keys: SealKeys,
  nowSeconds: number,
): Promise<Checked<OpenedChallenge>> {
  const opened = await openChallenge(sealed, scope, keys, nowSeconds)
  return opened.ok ? pass({ ...opened.value, message: makeChallengeMessage(sealed, scope) }) : opened
}
