// What the author of policy tests writes. The published JSON Schema is made from it.
import * as v from 'valibot'
import { POLICY_TESTS_MAX } from '../core/limits.ts'

const text = (description: string) => v.pipe(v.string(), v.description(description))
const list = (description: string) => v.pipe(v.array(v.string()), v.description(description))
const values = (description: string) => v.pipe(v.record(v.string(), v.unknown()), v.description(description))
const data = (description: string) => v.pipe(v.unknown(), v.description(description))

const evidence = {
  attestations: v.optional(
    v.pipe(v.array(v.unknown()), v.description('As in the body of a login; claims may stand in place of a token')),
  ),
  token: v.optional(text('A bare token')),
  claims: v.optional(values('The claims of a token, which has no signature to check')),
  attributes: v.optional(data('Of a recorded login: its attributes, its answer or its audit record')),
}

const loginSchema = v.pipe(v.strictObject(evidence), v.description('Exactly one of its fields'))

const serverlessSchema = v.pipe(
  v.strictObject({
    ...evidence,
    scope: v.optional(
      v.pipe(
        v.picklist(['cluster', 'trust-domain']),
        v.description('Whose ServerlessAttestation decides; default cluster'),
      ),
    ),
  }),
  v.description('The evidence of a workload without an agent: exactly one of its fields besides scope'),
)

const mapSchema = v.pipe(
  v.strictObject({
    pod: v.optional(values('A pod, as kubectl get pod -o json prints it')),
    container: v.optional(text('The container of the pod that the workload runs in')),
    attributes: v.optional(values('The attributes of the workload by name, in place of a pod')),
    agent: v.optional(data('The attributes that the session of its agent proves')),
  }),
  v.description('A workload: a pod or attributes'),
)

const expectSchema = v.pipe(
  v.strictObject({
    admit: v.optional(text('Of a login or a serverless request: the policy that admits')),
    refuse: v.optional(text('Of a login or a serverless request: a code that it is refused with')),
    policy: v.optional(text('With refuse: the policy that refuses with this code')),
    spiffeId: v.optional(text('Of a workload, with an agent or without')),
    claims: v.optional(values('Of a workload: all claims of its JWT-SVID that the policy sets')),
    subject: v.optional(text('Of a workload: the subject of its X.509-SVID')),
    dnsNames: v.optional(list('Of a workload: all DNS names of its X.509-SVID, in order')),
    error: v.optional(
      text('Of a workload: the code that it is refused with; without an agent, where a policy is satisfied'),
    ),
    attribute: v.optional(text('With error: the attribute that it names')),
  }),
  v.description('What the login, the workload or the serverless request must get'),
)

export const caseSchema = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty(), v.description('Unique in the file')),
  at: v.optional(text('The time of this case, RFC 3339; default the time of the file')),
  as: v.optional(v.pipe(v.picklist(['agent', 'issuer']), v.description('Who logs in; default agent'))),
  signature: v.optional(
    v.pipe(v.literal('not_checked'), v.description('Decide as if the signature were valid, and say so')),
  ),
  login: v.optional(loginSchema),
  map: v.optional(mapSchema),
  serverless: v.optional(serverlessSchema),
  expect: expectSchema,
})

export const testFileSchema = v.strictObject({
  trustDomain: text('TRUST_DOMAIN of the gateway'),
  cluster: v.optional(text('The id of the cluster; default test')),
  issuerUrl: v.optional(text('ISSUER_URL of the gateway; default a URL that nobody has')),
  audience: v.optional(text('AUDIENCE of the gateway; default spiffe:// and the trust domain')),
  clockSkewSeconds: v.optional(v.pipe(v.number(), v.description('CLOCK_SKEW_SECONDS of the gateway'))),
  allowLoopbackIssuers: v.optional(v.pipe(v.boolean(), v.description('ALLOW_LOOPBACK_ISSUERS of the gateway'))),
  privateIssuers: v.optional(list('PRIVATE_ISSUERS of the gateway')),
  now: text('The time of every case, RFC 3339: recorded tokens do not expire'),
  documents: v.pipe(
    list(
      'The documents that are tested: paths relative to this file. Those of the trust domain are in a folder trust-domain',
    ),
    v.nonEmpty(),
  ),
  keys: v.optional(data('Keys of issuers, in place of fetching them: a JWK Set, several in a list, or PEM')),
  cases: v.pipe(v.array(caseSchema), v.nonEmpty(), v.maxLength(POLICY_TESTS_MAX)),
})

export type CaseInput = v.InferOutput<typeof caseSchema>
export type TestFileInput = v.InferOutput<typeof testFileSchema>
