// One login: challenges, evidence, the request.
import type { Client, ClientAttestation } from '../../client/client.ts'
import type { Failure } from '../../client/transport.ts'
import { digestText } from '../../core/digest.ts'
import type { LoginAnswer } from '../../gateway/answers/login-answer.ts'
import { COLLECTORS, type CollectContext } from './collectors.ts'
import { CollectError } from './metadata.ts'

export type LoggedIn =
  | { readonly kind: 'admitted'; readonly answer: LoginAnswer; readonly evidence: SentEvidence }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly evidence: SentEvidence | undefined }
  /** No evidence, so that nothing was sent. */
  | { readonly kind: 'uncollected'; readonly reason: string }

export interface SentEvidence {
  readonly attestations: readonly ClientAttestation[]
  /** Of the evidence without challenges: the same for the same evidence. */
  readonly digest: string
}

/** What collectors have of the host. */
export type CollectHost = Omit<CollectContext, 'challenge' | 'atEnd'>

/** @param types of {@link COLLECTORS} */
export async function logIn(
  client: Client,
  clusterId: string | undefined,
  types: readonly string[],
  context: CollectHost,
): Promise<LoggedIn> {
  const closes: (() => Promise<void>)[] = []
  try {
    return await collectAndSend(client, clusterId, types, { ...context, atEnd: (close) => closes.push(close) })
  } finally {
    await Promise.all(closes.map((close) => close()))
  }
}

async function collectAndSend(
  client: Client,
  clusterId: string | undefined,
  types: readonly string[],
  context: Omit<CollectContext, 'challenge'>,
): Promise<LoggedIn> {
  const attestations: ClientAttestation[] = []
  try {
    for (const type of types) {
      const collector = COLLECTORS.get(type)
      if (collector === undefined) throw new CollectError(`nothing collects evidence of the type ${type}`)
      if (!collector.needsChallenge) {
        attestations.push({ type, evidence: await collector.collect(context) })
        continue
      }
      const request = await collector.makeRequest?.(context.options)
      const asked = await client.challenge(clusterId, { type, ...(request === undefined ? {} : { request }) })
      if (!asked.ok) return { kind: 'failed', failure: asked.failure, evidence: undefined }
      const { challenge, ...published } = asked.value
      const message = client.makeMessage(challenge, clusterId)
      const evidence = await collector.collect({ ...context, challenge: { message, published } })
      attestations.push({ type, evidence, challenge })
    }
  } catch (error) {
    if (error instanceof CollectError) return { kind: 'uncollected', reason: error.message }
    throw error
  }
  const evidence = { attestations, digest: digestEvidence(attestations) }
  const reply = await client.login(clusterId, attestations)
  return reply.ok
    ? { kind: 'admitted', answer: reply.value, evidence }
    : { kind: 'failed', failure: reply.failure, evidence }
}

/** What answers a challenge is new at each login. */
function digestEvidence(attestations: readonly ClientAttestation[]): string {
  return digestText(JSON.stringify(attestations.filter(({ challenge }) => challenge === undefined)))
}
