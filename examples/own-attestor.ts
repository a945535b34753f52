// An attestor of one's own: tokens of a deployment system, which name the service that is deployed. It is given to the
// gateway with `createGateway({ attestors: [...ATTESTORS, deployToken] })`, and to the tool in the same way.
import * as v from 'valibot'
import { oidcAttestor } from '../src/attest/oidc/oidc-attestor.ts'
import { makeRows } from '../src/attribute/row.ts'
import { pass, refuse } from '../src/core/result.ts'

const texts = v.pipe(v.array(v.string()), v.nonEmpty())

export const deployToken = oidcAttestor({
  type: 'deploy_token',
  words: { evidence: 'a deploy token', summary: 'It proves which service is deployed.' },
  attributeRows: makeRows('deploy_token', 'agent', {
    'deploy_token.service': { identity: true, alphabet: 'label', description: 'Service that is deployed' },
  }),
  form: 'a deploy token',
  configSchema: v.strictObject({ issuerURL: v.string(), services: texts }),
  keys: (config) => config,
  compile: ({ issuerURL: issuer, services }, { defaultAudiences: audiences }) => ({
    scoped: true,
    pins: { issuer, audiences, maxLifetimeSeconds: 3600, own: services },
  }),
  read({ claims: { service } }) {
    if (typeof service === 'string') return pass(service)
    return refuse({ code: 'claim_missing', detail: 'the token has no claim "service"' })
  },
  describe: (service) => service,
  *checks(service, services) {
    const refusal = { code: 'condition_failed', detail: 'the policy does not accept this service' } as const
    const isAccepted = services.includes(service)
    yield { name: 'services', expected: services, actual: service, refusal: isAccepted ? undefined : refusal }
  },
  attributes: (_issuer, service) => [{ origin: 'deploy_token', name: 'deploy_token.service', value: service }],
  restore: () => undefined,
  readClaimed: ({ service }) => (typeof service === 'string' ? { subject: service } : {}),
})
