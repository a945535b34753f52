// The answer to a request for a challenge. What the attestor publishes stands beside these members.
import * as v from 'valibot'

export const challengeAnswerSchema = v.looseObject({
  challenge: v.pipe(v.string(), v.description('Sealed: send it along with the evidence, as it was given')),
  once: v.pipe(v.boolean(), v.description('Whether it can be used only once, or until it expires')),
})

export type ChallengeAnswer = v.InferOutput<typeof challengeAnswerSchema>
