// One good token of one good issuer, and what it takes to change a single thing of it.

import type { Attestor } from '../../src/attest/attestor.ts'
import { k8sToken } from '../../src/attest/k8s-token/k8s-token.ts'
import type { Requirement } from '../../src/attest/shapes.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import type { CompileContext } from '../../src/config/compile/section-context.ts'
import type { Issue } from '../../src/core/issue.ts'
import type { Attestation } from '../../src/policy/login/evidence.ts'
import type { LoginContext } from '../../src/policy/login/login.ts'
import { createPolicySet, type Policy, type PolicySet } from '../../src/policy/policy.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createKeySources, type KeySources } from '../../src/token/keys/key-source.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const engine = createConditionEngine(loadPolicyVm())

export const NOW = 1_760_000_000
export const ISSUER = 'https://oidc.example.com/id/1'

const row: Attestor = k8sToken

/** Compiles a `k8s_token` configuration; what it reports is in `issues`. */
export function compileConfig(
  config: Readonly<Record<string, unknown>>,
  change: Partial<CompileContext> = {},
): { readonly requirement: Requirement | undefined; readonly issues: readonly Issue[] } {
  const issues: Issue[] = []
  const entry = row.compile(config, { ...COMPILE_CONTEXT, ...change }, (issue) => issues.push(issue))
  return { requirement: entry && { type: row.type, ...entry }, issues }
}

export interface World {
  readonly key: SigningKey
  /** A configuration with the key inline; `change` adds or replaces members. */
  config(change?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  requirement(change?: Readonly<Record<string, unknown>>): Requirement
  mint(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>
  readonly context: LoginContext
}

export async function createWorld(keySources: KeySources = offline()): Promise<World> {
  const key = await createSigningKey('key-1')
  const config = (change: Readonly<Record<string, unknown>> = {}) => ({
    issuerURL: ISSUER,
    jwks: { keys: [key.publicJwk] },
    ...change,
  })
  return {
    key,
    config,
    requirement(change) {
      const { requirement, issues } = compileConfig(config(change))
      if (requirement === undefined) throw new Error(JSON.stringify(issues))
      return requirement
    },
    mint: (claims, header) => signClaims(key, serviceAccountClaims(NOW, { iss: ISSUER, ...claims }), header),
    context: {
      engine,
      nowSeconds: NOW,
      skewSeconds: 30,
      keys: keySources.forRequest(() => undefined),
      defaultAudience: 'spiffe://example.org',
      section: () => Promise.reject(new Error('no sections')),
      fetchJson: () => Promise.reject(new Error('no network')),
      callWebhook: () => Promise.reject(new Error('no network')),
      askHost: () => Promise.reject(new Error('no network')),
    },
  }
}

/** Key sources of a gateway whose network is down: inline keys alone serve. */
function offline(): KeySources {
  return createKeySources({
    fetch: () => Promise.reject(new Error('no network')),
    clock: () => NOW * 1000,
    sleep: () => Promise.resolve(),
    allowLoopback: false,
  })
}

export function policySet(
  ...policies: readonly (readonly [name: string, ...requirements: Requirement[]])[]
): PolicySet {
  return createPolicySet(
    policies.map(([name, ...requirements], index): Policy => ({ name, index, requirements, conditions: [] })),
  )
}

export function attestation(token: string): Attestation {
  return { type: 'k8s_token', attestor: row, evidence: { token } }
}
