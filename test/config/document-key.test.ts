import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appliedKey,
  clusterKey,
  parseClusterId,
  parseDocumentKey,
  trustDomainKey,
} from '../../src/config/document-key.ts'

describe('parseClusterId()', () => {
  it.each(['c', '0', 'c-123', 'A_b-C', 'a'.repeat(63)])('takes %s', (text) => {
    expect(parseClusterId(text)).toBe(text)
  })

  it.each(['', '-c', '_c', 'c.d', '.', '..', 'c/d', 'c d', 'c\n', 'ç', 'c%2f', 'a'.repeat(64)])(
    'refuses %j',
    (text) => {
      expect(parseClusterId(text)).toBeUndefined()
    },
  )

  it('takes __proto__ for what it is: no id, as it begins with an underscore', () => {
    expect(parseClusterId('__proto__')).toBeUndefined()
    expect(parseClusterId('constructor')).toBe('constructor')
  })
})

describe('keys of documents', () => {
  const id = parseClusterId('c-1')
  if (id === undefined) throw new Error('the baseline must parse')

  it('are spelt as the store spells them', () => {
    expect(clusterKey(id, 'AgentAttestation')).toEqual({
      text: 'clusters/c-1/AgentAttestation',
      scope: 'clusters/c-1',
      section: 'AgentAttestation',
      clusterId: 'c-1',
    })
    expect(trustDomainKey('TrustDomain').text).toBe('trust-domain/TrustDomain')
    expect(appliedKey(clusterKey(id, 'Cluster'))).toBe('applied/clusters/c-1/Cluster')
  })

  it.each(['clusters/c-1/Cluster', 'trust-domain/AWSCertificates'])('%s reads back as itself', (text) => {
    expect(parseDocumentKey(text)?.text).toBe(text)
  })

  it.each([
    '',
    'clusters',
    'clusters/c-1',
    'clusters//Cluster',
    'clusters/../Cluster',
    'clusters/c-1/Cluster/',
    'clusters/c-1/x/Cluster',
    'clusters/c-1/cluster',
    'clusters/c-1/Clu.ster',
    'trust-domain',
    'trust-domain/c-1/Cluster',
    'applied/clusters/c-1/Cluster',
    '/clusters/c-1/Cluster',
  ])('%j is none', (text) => {
    expect(parseDocumentKey(text)).toBeUndefined()
  })

  it('never hold a dot or an empty segment, whatever text they are read from', () => {
    const piece = fc.constantFrom('clusters', 'trust-domain', 'c-1', '..', '.', '', 'Cluster', '%2e', '\\', '\0')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('/')),
        ),
        (text) => {
          const key = parseDocumentKey(text)
          if (key === undefined) return
          expect(key.text).toBe(text)
          expect(key.text.split('/')).not.toContain('')
          expect(key.text).not.toMatch(/[^A-Za-z0-9_/-]/)
        },
      ),
    )
  })

  it('cannot be made of something that is no section name', () => {
    expect(() => clusterKey(id, '../Cluster')).toThrow(RangeError)
    expect(() => trustDomainKey('')).toThrow(RangeError)
  })
})
