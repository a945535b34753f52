// The answer to a challenge request. Members that the attestor publishes are added to these.
import * as v from 'valibot'

export const challengeAnswerSchema = v.objectWithRest(
  {
    challenge: v.pipe(v.string(), v.description('Sealed: send it with the evidence, unchanged')),
    once: v.pipe(v.boolean(), v.description('true: it can be used once; false: until it expires')),
  },
  v.pipe(v.unknown(), v.description('What the attestor publishes')),
)

export type ChallengeAnswer = v.InferOutput<typeof challengeAnswerSchema>
