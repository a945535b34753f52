// Limits of sections, on both sides of each.
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../src/config/compile/compile.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import {
  CLAIM_NAME_MAX_LENGTH,
  CLAIMS_PER_POLICY_MAX,
  CLUSTER_NAME_MAX_LENGTH,
  CONDITION_MAX_LENGTH,
  DNS_NAMES_PER_POLICY_MAX,
  OVERRIDES_MAX,
  REFERENCE_FILTERS_MAX,
  SUBJECT_VALUES_MAX,
  TEMPLATE_MAX_LENGTH,
  URL_MAX_LENGTH,
} from '../../src/core/limits.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { COMPILE_CONTEXT } from './compile-context.ts'

function compiles(section: SectionName, spec: unknown): boolean {
  const text = JSON.stringify({ section, schema: 'v1', spec })
  return compileDocument(section, encodeUtf8(text), COMPILE_CONTEXT).ok
}

const override = (name: string) => ({ when: { 'kubernetes.pod.name': name }, policy: { x509: { ttl: '2h' } } })
const attestation = (config: object, expression = 'true') => ({
  policies: [{ name: 'p', requiredAttestors: [{ type: 'k8s_token', config }], conditions: [{ expression }] }],
})
const issuer = (length: number): string =>
  `https://oidc.example.com/${'i'.repeat(length - 'https://oidc.example.com/'.length)}`
const condition = (length: number): string => `"${'c'.repeat(length - 6)}"==""`
const template = (length: number): string =>
  `{{kubernetes.pod.name}}${'t'.repeat(length - '{{kubernetes.pod.name}}'.length)}`

const NAME = '{{kubernetes.pod.name}}'
function texts<T>(size: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: size }, (_, at) => make(at))
}

describe('limits of sections', () => {
  it.each<[string, number, SectionName, (size: number) => unknown]>([
    ['name of a cluster', CLUSTER_NAME_MAX_LENGTH, 'Cluster', (size) => ({ name: 'n'.repeat(size) })],
    [
      'name of a claim',
      CLAIM_NAME_MAX_LENGTH,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { jwt: { additionalClaims: { ['c'.repeat(size)]: '{{kubernetes.pod.name}}' } } } }),
    ],
    [
      'template',
      TEMPLATE_MAX_LENGTH,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { jwt: { additionalClaims: { claim: template(size) } } } }),
    ],
    [
      'overrides',
      OVERRIDES_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ policyOverrides: Array.from({ length: size }, (_, index) => override(`w${index}`)) }),
    ],
    [
      'claims of a policy',
      CLAIMS_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { jwt: { additionalClaims: Object.fromEntries(texts(size, (at) => [`c${at}`, NAME])) } } }),
    ],
    [
      'claims of an override',
      CLAIMS_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({
        policyOverrides: [
          {
            when: { 'kubernetes.pod.name': 'a' },
            policy: { jwt: { additionalClaims: Object.fromEntries(texts(size, (at) => [`c${at}`, NAME])) } },
          },
        ],
      }),
    ],
    [
      'claims of a legacy template',
      CLAIMS_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ legacy: { jwtCustomizationTemplate: texts(size, (at) => `c${at}=${NAME}`).join() } }),
    ],
    [
      'DNS names of a policy',
      DNS_NAMES_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { x509: { dnsNames: texts(size, (at) => `n${at}.example.org`) } } }),
    ],
    [
      'DNS names of a policy with those of a legacy template',
      DNS_NAMES_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({
        policy: { x509: { dnsNames: texts(size - 40, (at) => `n${at}.example.org`) } },
        legacy: { x509CustomizationTemplate: texts(40, (at) => `SAN.DNS=o${at}.example.org`).join() },
      }),
    ],
    [
      'DNS names of a legacy template',
      DNS_NAMES_PER_POLICY_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ legacy: { x509CustomizationTemplate: texts(size, (at) => `SAN.DNS=o${at}.example.org`).join() } }),
    ],
    [
      'values of a subject',
      SUBJECT_VALUES_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { x509: { subject: texts(size, (at) => `OU=u${at}`).join() } } }),
    ],
    [
      'filters of a reference',
      REFERENCE_FILTERS_MAX,
      'SVIDIssuancePolicy',
      (size) => ({ policy: { pathTemplate: `/{{kubernetes.pod.name${'|lower'.repeat(size)}}}` } }),
    ],
    ['URL of an issuer', URL_MAX_LENGTH, 'AgentAttestation', (size) => attestation({ issuerURL: issuer(size) })],
    [
      'condition',
      CONDITION_MAX_LENGTH,
      'AgentAttestation',
      (size) => attestation({ issuerURL: issuer(40) }, condition(size)),
    ],
  ])('%s', (_what, limit, section, make) => {
    expect(compiles(section, make(limit))).toBe(true)
    expect(compiles(section, make(limit + 1))).toBe(false)
  })
})
