// The answer to a request for a challenge. What the attestor publishes stands beside the two members of every challenge.
import * as v from 'valibot'

export const challengeAnswerSchema = v.objectWithRest(
  {
    challenge: v.pipe(v.string(), v.description('Sealed: send it along with the evidence, as it was given')),
    once: v.pipe(v.boolean(), v.description('Whether it can be used only once, or until it expires')),
  },
  v.pipe(v.unknown(), v.description('What the attestor publishes')),
)

export type ChallengeAnswer = v.InferOutput<typeof challengeAnswerSchema>
