// The context of a mapping: a good one, and what it takes to change a single thing of it.
import { findDefaultPath } from '../../src/policy/mapping/default-path.ts'
import type { IssuancePolicy } from '../../src/policy/mapping/issuance.ts'
import type { MappingContext } from '../../src/policy/mapping/mapping.ts'
import { compile } from '../config/document.ts'
import { TRUST_DOMAIN } from '../template/rendering.ts'
import { FREE } from './meters.ts'

function policyOf(spec: object): IssuancePolicy {
  const result = compile('SVIDIssuancePolicy', JSON.stringify({ section: 'SVIDIssuancePolicy', schema: 'v1', spec }))
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

export function contextOf(spec: object, change: Partial<MappingContext> = {}): MappingContext {
  return {
    trustDomain: TRUST_DOMAIN,
    policy: policyOf(spec),
    isDefault: false,
    gates: { undecidable: undefined, refusalFor: () => undefined },
    meter: FREE,
    defaultPath: findDefaultPath('k8s'),
    pathBounds: undefined,
    builtIns: new Map([['cluster.name', 'c-1']]),
    agent: undefined,
    ...change,
  }
}
