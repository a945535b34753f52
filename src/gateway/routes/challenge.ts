// Handles a challenge request: the cluster, the body, the attestor, the policies that require it, the seal. The gateway
// stores nothing: the sealed challenge holds what a later login needs.
import type { Context } from 'hono'
import * as v from 'valibot'
import type { Attestor } from '../../attest/attestor.ts'
import { parseClusterId } from '../../config/document-key.ts'
import type { Json } from '../../core/json.ts'
import { CHALLENGE_BODY_MAX_BYTES } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { makeUuidV7 } from '../../core/uuid.ts'
import { describeUnsupportedHere, findAnswerCode } from '../../policy/login/login-refusals.ts'
import { sealChallenge } from '../../token/challenge.ts'
import type { ChallengeRole } from '../../token/challenge-message.ts'
import { createAttestContext } from '../attest-context.ts'
import { attestorTypeSchema } from '../attestations.ts'
import { createBackground } from '../background.ts'
import { createChallengeReport } from '../reports/challenge-report.ts'
import { checkShape, readBody } from '../request-body.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

export const challengeBodySchema = v.strictObject({
  type: attestorTypeSchema,
  role: v.optional(
    v.pipe(
      v.literal('serverless'),
      v.description('What the evidence is for, if not a login: an identity by ServerlessAttestation'),
    ),
  ),
  request: v.optional(
    v.pipe(
      v.unknown(),
      v.metadata({
        type: 'object',
        additionalProperties: true,
        description: 'What the attestor requires, if anything',
      }),
    ),
  ),
})

/** Challenges for agents of a cluster, for issuers, and for workloads without an agent: each is valid for that use alone. */
export function addChallengeRoutes(app: GatewayApp, services: Services): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/challenge', (c) =>
    giveChallenge(c, services, c.req.param('clusterId') ?? ''),
  )
  addRoute(app, 'POST', '/v1/trust-domain/challenge', (c) => giveChallenge(c, services, undefined))
}

async function giveChallenge(
  c: Context<GatewayEnv>,
  services: Services,
  cluster: string | undefined,
): Promise<Response> {
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createChallengeReport(c, cluster, services, snapshot)

  const clusterId = cluster === undefined ? undefined : parseClusterId(cluster)
  if (cluster !== undefined && clusterId === undefined) return report.refuse(UNKNOWN_CLUSTER)
  const body = await readBody(c, challengeBodySchema, CHALLENGE_BODY_MAX_BYTES, services.sleep)
  if (!body.ok) return report.refuse(body.refusal)
  const { type, request, role = clusterId === undefined ? 'issuer' : 'agent' } = body.value
  const row = services.attestors.rows.get(type)
  if (row?.challenge === undefined) return report.refuse(describeNoChallenge(type))
  const asked = readRequest(row, request)
  if (!asked.ok) return report.refuse(asked.refusal)

  const { issuerUrl, sealKeys } = services.settings
  if (sealKeys.length === 0) return report.refuse(SEALING_OFF)
  const policies =
    role === 'serverless' ? await snapshot.readServerless(clusterId) : await snapshot.readPolicies(clusterId)
  if (!policies.ok) return report.refuse(policies.refusal)
  if (!policies.value.asksFor(type)) return report.refuse(describeNotRequired(type, role))

  const lacks = policies.value.lackFor(type)
  if (lacks !== undefined) {
    const refusal = describeUnsupportedHere(type, lacks)
    return report.refuse(answerFor(refusal), { type, refusal })
  }

  const nowMillis = services.clock()
  const nowSeconds = Math.floor(nowMillis / 1000)
  const id = makeUuidV7(nowMillis)
  const made = await row.challenge(asked.value, createAttestContext(services, snapshot, nowSeconds), id)
  if (!made.ok) return report.refuse(answerFor(made.refusal), { type, refusal: made.refusal })
  const sealed = await sealChallenge(
    { id, request: asked.value, secret: made.value.secret as Json },
    { type, role, clusterId, issuerUrl },
    sealKeys,
    nowSeconds,
  )
  if (sealed === undefined) return report.refuse(REQUEST_TOO_LONG)
  // Without a store of used challenges one can be used until it expires.
  return report.answer({ ...made.value.published, challenge: sealed, once: services.singleUse !== undefined })
}

/** The refusal of the request for an attestor's own refusal. */
function answerFor({ code, detail, retryAfterSeconds = 1 }: Refusal): Refusal {
  const waiting = findAnswerCode(code)
  return waiting === undefined ? { code: 'login_refused', detail } : { code: waiting, detail, retryAfterSeconds }
}

/** Checks `request` by the attestor's schema; an empty object if the attestor has none. */
function readRequest(row: Attestor, request: unknown): Checked<Json> {
  if (row.challengeSchema !== undefined) return checkShape(row.challengeSchema, request, ['request']) as Checked<Json>
  if (request === undefined) return pass({})
  const detail = `the field request is not expected: a challenge of type "${row.type}" takes no request. Remove it`
  return refuse({ code: 'request_malformed', detail, where: 'request' })
}

function describeNoChallenge(type: string): Refusal {
  const detail = `the field type is "${type}", which uses no challenges: log in with the evidence only`
  return { code: 'request_malformed', detail, where: 'type' }
}

function describeNotRequired(type: string, role: ChallengeRole): Refusal {
  const detail =
    role === 'serverless'
      ? `no policy of ServerlessAttestation here requires evidence of type "${type}": ask for the identity without it`
      : `no policy here requires evidence of type "${type}" for a login: log in without it, or send role "serverless" if the evidence is for ServerlessAttestation`
  return { code: 'challenge_not_required', detail }
}

/** Of anybody's making, so it is no fault of the gateway's, whatever the schema of the attestor allows. */
const REQUEST_TOO_LONG: Refusal = {
  code: 'request_malformed',
  detail: 'the field request is too long to be sealed into a challenge: shorten it',
  where: 'request',
}
const SEALING_OFF: Refusal = {
  code: 'challenge_unavailable',
  detail: 'the gateway cannot seal challenges: its operator must set SEAL_KEYS',
}
