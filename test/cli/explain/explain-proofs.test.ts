// `explain --evidence` with signed documents and proofs: a document is verified with the section beside the policies, a proof over
// a challenge cannot be, and is left undecided.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bench } from '../call.ts'

const real = (name: string): string =>
  readFileSync(new URL(`../../attest/aws-iid/real/${name}`, import.meta.url), 'utf8')
const section = (name: string, spec: object): string => JSON.stringify({ section: name, schema: 'v1', spec })
const policyOf = (type: string, config: object = {}): string =>
  section('AgentAttestation', { policies: [{ name: 'p', requiredAttestors: [{ type, config }] }] })
const CERTIFICATES = section('AWSCertificates', {
  certificates: ['us-west-1', 'us-west-2'].map((region) => ({ region, pem: real(`${region}.pem`) })),
})
const setUp = () => bench({ environment: { TRUST_DOMAIN: 'example.org' } })

describe('explain with an identity document', () => {
  it.each<[string, object, number, RegExp]>([
    ['that is admitted', {}, 0, /^admitted: 200, by policy p/m],
    ['of another account', { allowedAccountIDs: ['123456789012'] }, 1, /account_not_allowed/],
  ])('%s', async (_what, config, code, said) => {
    for (const folder of ['', 'store/clusters/c-1/']) {
      const { file, call } = setUp()
      file(folder === '' ? 'AWSCertificates.yaml' : 'store/trust-domain/AWSCertificates.yaml', CERTIFICATES)
      const document = file(`${folder}AgentAttestation.yaml`, policyOf('aws_iid', config))
      const { exitCode, out } = await call('explain', document, '--evidence', file('e', real('us-west-2.pkcs7')))
      expect([exitCode, said.test(out)], out).toEqual([code, true])
    }
  })

  it('is undecided without the section, and says where it would be', async () => {
    const { file, call } = setUp()
    const document = file('AgentAttestation.yaml', policyOf('aws_iid'))
    const { exitCode, out } = await call('explain', document, '--evidence', file('e', real('us-west-2.pkcs7')))
    expect([exitCode, out.includes('AWSCertificates.yaml')], out).toEqual([3, true])
  })

  it('ends with the issues of a section that does not compile', async () => {
    const { file, call } = setUp()
    file('AWSCertificates.yaml', section('AWSCertificates', { certificates: [{ region: 'x', pem: 'y' }] }))
    const document = file('AgentAttestation.yaml', policyOf('aws_iid'))
    const { exitCode, err } = await call('explain', document, '--evidence', file('e', real('us-west-2.pkcs7')))
    expect([exitCode, err.includes('value_invalid'), err.includes('does not compile')]).toEqual([1, true, true])
  })
})

it.each([
  [
    'ssh_pop',
    { certAuthorities: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS'] },
    { signature: 'x' },
  ],
  ['azure_imds', {}, { signature: 'x' }],
])('explain leaves %s undecided: only the gateway opens its challenges', async (type, config, evidence) => {
  const { file, call } = setUp()
  const body = JSON.stringify({ attestations: [{ type, evidence, challenge: 'sealed' }] })
  const { exitCode, out } = await call('explain', file('d.yaml', policyOf(type, config)), '--evidence', file('e', body))
  expect([exitCode, out.includes('only the gateway opens its challenges')], out).toEqual([3, true])
})
