// What an author may write for tpm_ek, and what a session keeps of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tpmEk } from '../../../src/attest/tpm-ek/tpm-ek.ts'
import { compile } from '../../config/document.ts'
import { OPENSSL } from '../../installed.ts'
import { AUTHORITY, openX509Hosts, type X509Hosts } from '../x509-pop/x509-hosts.ts'

const HASH = '0f1e2d3c'.repeat(8)

type Section = 'AgentAttestation' | 'TrustDomainServerAttestation'
function codes(config: object, section: Section = 'AgentAttestation', more: object = {}): readonly string[] {
  const policies = [{ name: 'p', requiredAttestors: [{ type: 'tpm_ek', config }], ...more }]
  const result = compile(section, JSON.stringify({ section, schema: 'v1', spec: { policies } }))
  return (result.ok ? result.warnings : result.issues).map(({ code }) => code)
}

describe('hashes of EKs', () => {
  it.each<[string, object, readonly string[]]>([
    ['one', { allowedHashes: [HASH] }, []],
    ['two', { allowedHashes: [HASH, '0'.repeat(64)] }, []],
    ['none, and no authority', {}, ['field_missing']],
    ['an empty list', { allowedHashes: [] }, ['value_empty']],
    ['upper-case digits', { allowedHashes: [HASH.toUpperCase()] }, ['value_invalid']],
    ['a digit less', { allowedHashes: [HASH.slice(1)] }, ['value_invalid']],
    ['a digit more', { allowedHashes: [`${HASH}0`] }, ['value_invalid']],
    ['colons', { allowedHashes: ['0f:1e'] }, ['value_invalid']],
    ['a field that is not known', { allowedHashes: [HASH], hashes: [HASH] }, ['field_unknown']],
  ])('%s', (_what, config, expected) => {
    expect(codes(config)).toEqual(expected)
  })

  it('are needed where issuers log in', () => {
    expect(codes({ allowedHashes: [HASH] }, 'TrustDomainServerAttestation')).toEqual([])
    expect(codes({}, 'TrustDomainServerAttestation')).toEqual(['field_missing'])
  })
})

describe.skipIf(!OPENSSL)('authorities of EK certificates', () => {
  let hosts: X509Hosts
  beforeAll(() => {
    hosts = openX509Hosts()
    hosts.make('root', { extensions: AUTHORITY })
    hosts.make('ek', { issuer: 'root', extensions: ['basicConstraints = CA:FALSE'] })
  })
  afterAll(() => hosts?.tool.remove())

  it.each<[string, () => object, readonly string[]]>([
    ['alone admit every TPM of theirs', () => ({ certAuthorities: [hosts.pem('root')] }), ['trust_unscoped']],
    ['with hashes', () => ({ certAuthorities: [hosts.pem('root')], allowedHashes: [HASH] }), []],
    ['that are none', () => ({ certAuthorities: [hosts.pem('ek')] }), ['value_invalid']],
    ['that are text', () => ({ certAuthorities: ['x'] }), ['value_invalid']],
    ['of which there are none', () => ({ certAuthorities: [] }), ['value_empty']],
    [
      'and a hash that is none',
      () => ({ certAuthorities: ['x'], allowedHashes: ['x'] }),
      ['value_invalid', 'value_invalid'],
    ],
  ])('%s', (_what, config, expected) => {
    expect(codes(config()).toSorted()).toEqual(expected)
  })

  it('are scoped by a condition on the hash', () => {
    const conditions = [{ expression: `tpm_ek.public_hash == "${HASH}"` }]
    expect(codes({ certAuthorities: [hosts.pem('root')] }, 'AgentAttestation', { conditions })).toEqual([])
  })

  it('do not name an issuer', () => {
    expect(codes({ certAuthorities: [hosts.pem('root')] }, 'TrustDomainServerAttestation')).toEqual(['pin_missing'])
  })
})

describe('a session', () => {
  const context = { defaultAudience: 'x' }
  const refusalsOf = (facts: Parameters<typeof tpmEk.checks>[0], hashes: readonly string[] | undefined) =>
    [...tpmEk.checks(facts, { hashes }, context)].flatMap(({ refusal }) => refusal?.code ?? [])

  it.each([
    { publicHash: HASH },
    { publicHash: HASH, serialNumber: '01', manufacturer: 'id:4E544300' },
    { publicHash: HASH, serialNumber: '01', manufacturer: undefined },
  ])('keeps what is checked again: %o', (facts) => {
    const attributes = new Map(tpmEk.attributes(facts, undefined).map(({ name, value }) => [name, value]))
    const restored = tpmEk.restore?.(attributes, undefined)
    expect(restored?.facts).toEqual(facts)
    expect(refusalsOf(restored?.facts ?? { publicHash: '' }, [HASH])).toEqual([])
    expect(refusalsOf(restored?.facts ?? { publicHash: '' }, ['0'.repeat(64)])).toEqual(['ek_hash_not_allowed'])
    expect(refusalsOf(restored?.facts ?? { publicHash: '' }, undefined)).toEqual([])
  })

  it('of other evidence is none of a TPM', () => {
    expect(tpmEk.restore?.(new Map([['tpm_ek.serial_number', '01']]), undefined)).toBeUndefined()
  })
})

it('a certificate that cannot be read claims nothing', () => {
  expect(tpmEk.readClaimed({ answer: 'x' })).toEqual({})
  expect(tpmEk.readClaimed({ answer: 'x', ekCertificate: '*' })).toEqual({})
})
