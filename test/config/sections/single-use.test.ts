// `singleUse`: what a platform's way of giving out evidence, and a gateway without a replay store, make of it.
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import type { Attestor, Reissue } from '../../../src/attest/attestor.ts'
import { ATTESTORS, createAttestorTable } from '../../../src/attest/table.ts'
import { pass } from '../../../src/core/result.ts'
import { ROWS } from '../../attest/oidc/rows.ts'
import { compile as compileDocument, found } from '../document.ts'

/** A row whose evidence comes again in this way. */
const rowOf = (type: string, reissue: Reissue | undefined, more: Partial<Attestor> = {}): Attestor => ({
  type,
  words: { evidence: 'a stub', summary: '' },
  evidenceSchema: v.object({}),
  configSchema: v.strictObject({}),
  configOptional: true,
  ...(reissue === undefined ? {} : { reissue }),
  compile: () => ({ scoped: true, anchor: { id: type, value: undefined }, pins: null }),
  open: () => pass({ digestible: '', value: undefined }),
  readClaimed: () => ({}),
  verify: async () => pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: undefined }),
  *checks() {},
  attributes: () => [],
  ...more,
})
const challenge: Attestor['challenge'] = async () => pass({ published: {}, secret: null })

const attestors = createAttestorTable([
  ...ATTESTORS,
  rowOf('fresh', undefined),
  rowOf('forever', { how: 'never', words: 'it is the same for ever' }),
  rowOf('kept', { how: 'cached', words: 'it is the same for 1 h' }),
  rowOf('asked', { how: 'never', words: 'it is the same for ever' }, { challenge }),
])

type Section = 'AgentAttestation' | 'TrustDomainServerAttestation'
function compile(policy: object, canClaim = true, section: Section = 'AgentAttestation') {
  const text = JSON.stringify({ section, schema: 'v1', spec: { policies: [{ name: 'p', ...policy }] } })
  return compileDocument(section, text, { attestors, canClaim })
}
const require = (...types: readonly string[]): object => ({ requiredAttestors: types.map((type) => ({ type })) })

describe('singleUse', () => {
  it.each<[string, object, boolean, readonly string[]]>([
    ['evidence that is made anew', { ...require('fresh'), singleUse: true }, true, []],
    ['evidence that never is', { ...require('fresh', 'forever'), singleUse: true }, true, ['single_use_impossible']],
    ['evidence that is kept for a while', { ...require('kept'), singleUse: true }, true, ['single_use_cached']],
    ['evidence with a challenge, which is claimed instead', { ...require('asked'), singleUse: true }, true, []],
    ['no replay store', { ...require('fresh'), singleUse: true }, false, ['replay_unavailable']],
    ['no replay store, and evidence that may be used again', require('forever', 'kept'), false, []],
    ['false', { ...require('forever', 'kept'), singleUse: false }, false, []],
  ])('with %s', (_what, policy, canClaim, codes) => {
    const result = compile(policy, canClaim)
    const found = (result.ok ? result.warnings : result.issues).map(({ code }) => code)
    expect(found).toEqual(codes)
    expect(result.ok).toBe(!codes.includes('single_use_impossible'))
    if (!result.ok) return
    const isOnce = 'singleUse' in policy && policy.singleUse === true
    expect(result.value.byName.get('p')?.singleUse).toBe(isOnce ? true : undefined)
  })

  it('is a field of the policies of issuers too, and its issue is at its line', () => {
    const result = compile({ ...require('kept'), singleUse: true }, true, 'TrustDomainServerAttestation')
    expect(found(result)).toEqual([expect.stringMatching(/single_use_cached spec\.policies\.0\.singleUse$/)])
  })

  it.each<[string, object, string | undefined]>([
    [
      'k8s_token',
      { issuerURL: 'https://oidc.example', serviceAccountNamespace: 'a', serviceAccountName: 'b' },
      'cached',
    ],
    ...ROWS.map(({ type, config }): [string, object, string | undefined] => [
      type,
      config,
      ['gcp_iit', 'azure_msi'].includes(type) ? 'cached' : undefined,
    ]),
  ])('%s says how its platform gives out the same token', (type, config, how) => {
    const result = compile({ requiredAttestors: [{ type, config }], singleUse: true })
    const codes = (result.ok ? result.warnings : result.issues).map(({ code }) => code)
    expect(codes.filter((code) => code.startsWith('single_use'))).toEqual(
      how === undefined ? [] : [`single_use_${how}`],
    )
  })
})
