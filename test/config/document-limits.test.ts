// How many policies fit into one document, by what they hold: docs/policies.md says it, and these documents are as large.
import { describe, expect, it } from 'vitest'
import { readYaml } from '../../src/config/yaml/yaml.ts'
import { DOCUMENT_MAX_BYTES, POLICIES_MAX } from '../../src/core/limits.ts'
import { compile } from './document.ts'

const PINS = ', serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent'
const CONDITION = ', conditions: [{expression: "has(k8s_token.node.name)", message: "no node"}]'

function attestation(count: number, pins: string, conditions: string): string {
  const policies = Array.from({ length: count }, (_, n) => {
    const issuer = `https://oidc.eks.eu-west-1.amazonaws.com/id/${String(n).padStart(32, '0')}`
    return `    - {name: p${n}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "${issuer}"${pins}}}]${conditions}}\n`
  })
  return `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${policies.join('')}`
}

describe('the number of policies in one document', () => {
  it.each<[string, number, number, string, string]>([
    ['without pins', POLICIES_MAX, POLICIES_MAX + 1, '', ''],
    ['with both pins', 8500, 8600, PINS, ''],
    ['with pins and a condition', 5900, 6100, PINS, CONDITION],
  ])('is what docs/policies.md says: %s, %i', (_what, fits, exceeds, pins, conditions) => {
    const text = attestation(fits, pins, conditions)
    expect(text.length).toBeLessThanOrEqual(DOCUMENT_MAX_BYTES)
    expect(readYaml(text).ok).toBe(true)
    const over = compile('AgentAttestation', attestation(exceeds, pins, conditions))
    expect(over.ok ? [] : over.issues.map(({ code }) => code)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(too_many_policies|document_too_many_keys)$/)]),
    )
  })
})
