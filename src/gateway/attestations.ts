// The `attestations` of a login body, each checked by the schema of its attestor.
import * as v from 'valibot'
import { ATTESTORS } from '../attest/table.ts'
import { ATTESTATIONS_MAX } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { Attestation } from '../policy/login/login.ts'
import { checkShape } from './body.ts'

const TYPE = /^[a-z][a-z0-9_]{0,39}$/

export const loginBodySchema = v.strictObject({
  attestations: v.pipe(
    v.array(
      v.strictObject({
        type: v.pipe(v.string(), v.regex(TYPE, 'a type of attestor such as "k8s_token"'), v.examples(['k8s_token'])),
        // What it must be says the schema of its attestor; as published, an object of any members.
        evidence: v.pipe(
          v.unknown(),
          v.metadata({
            type: 'object',
            additionalProperties: true,
            description: 'Of the form of its type',
            examples: [{ token: 'eyJ...' }],
          }),
        ),
      }),
    ),
    v.minLength(1),
    v.maxLength(ATTESTATIONS_MAX),
  ),
})

/** Two pieces of one type are ambiguous, and refused. A type unknown to us is evidence that no policy can ask for. */
export function readAttestations({
  attestations,
}: v.InferOutput<typeof loginBodySchema>): Checked<readonly Attestation[]> {
  const read: Attestation[] = []
  for (const [index, { type, evidence }] of attestations.entries()) {
    if (read.some((other) => other.type === type)) {
      const where = `attestations[${index}].type`
      return refuse({
        code: 'request_malformed',
        detail: `the field ${where} repeats "${type}": send one piece of evidence of each type`,
        where,
      })
    }
    const attestor = ATTESTORS.get(type)
    if (attestor === undefined) {
      read.push({ type, attestor: undefined, evidence: undefined })
      continue
    }
    const checked = checkShape(attestor.evidenceSchema, evidence, ['attestations', index, 'evidence'])
    if (!checked.ok) return checked
    read.push({ type, attestor, evidence: checked.value })
  }
  return pass(read)
}
