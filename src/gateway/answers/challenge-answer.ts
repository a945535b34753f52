// The answer to a challenge request. Members that the attestor publishes are added to these.
import * as v from 'valibot'

export const challengeAnswerSchema = v.objectWithRest(
  {
    challenge: v.pipe(v.string(), v.description('Sealed: send it with the evidence, unchanged')),
    once: v.pipe(v.boolean(), v.description('true: it can be used once; false: until it expires')),
  },
  v.pipe(v.unknown(), v.description('What the attestor publishes')),
) satisfies v.GenericSchema<ChallengeAnswer>

export interface ChallengeAnswer {
  /** Sealed: send it with the evidence, unchanged. */
  readonly challenge: string
  /** `true`: it can be used once; `false`: until it expires. */
  readonly once: boolean
  /** What the attestor publishes. */
  readonly [published: string]: unknown
}

/** For clients, which are told by whoever answers. */
export function isChallengeAnswer(value: unknown): value is ChallengeAnswer {
  return v.is(challengeAnswerSchema, value)
}
