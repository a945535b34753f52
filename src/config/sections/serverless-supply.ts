// Which attributes a policy of ServerlessAttestation can have: those that its own attestors prove, and those of its
// cluster. A workload without an agent sends evidence and no attributes of its own.
import { findAttestor, findOrigin } from '../../attest/attribute-origin.ts'
import type { Issue } from '../../core/issue.ts'
import type { AttributeUse } from '../../policy/mapping/issuance.ts'
import type { Policy } from '../../policy/policy.ts'
import type { CompileContext } from '../compile/section-context.ts'

export interface Supply {
  /** Why the attribute never comes, at its place in the document; `undefined` if it may come. */
  findFault(use: AttributeUse): Issue | undefined
}

export function createSupply({ requirements }: Policy, { scope }: Pick<CompileContext, 'scope'>): Supply {
  const origins = new Set(requirements.map(({ type }) => findOrigin(type)))

  function describe({ attribute: { name, row } }: AttributeUse): Pick<Issue, 'code' | 'message'> | undefined {
    if (row.side === 'built-in') {
      if (scope === 'cluster') return undefined
      const message = `Cannot use "${name}" in a document of the trust domain, which belongs to no cluster: write the text itself, or move the policy to a cluster`
      return { code: 'attribute_origin_forbidden', message }
    }
    const cannot = `Cannot use "${name}"`
    if (row.neverPresent !== undefined)
      return { code: 'attribute_not_enabled', message: `${cannot}: ${row.neverPresent}; remove it` }
    if (origins.has(row.origin)) return undefined
    const next =
      row.side === 'workload' && row.alsoWorkload !== true
        ? 'only an agent collects it, and no agent is here; use an attribute that a required attestor proves'
        : `no required attestor of this policy proves it; require ${findAttestor(row.origin)}, or remove the attribute`
    return { code: 'attribute_not_enabled', message: `${cannot}: ${next}` }
  }

  return {
    findFault(use) {
      const found = describe(use)
      if (found === undefined) return undefined
      const { path, offset, atKey } = use
      return {
        ...found,
        path,
        ...(offset === undefined ? {} : { offset }),
        ...(atKey === undefined ? {} : { atKey }),
      }
    },
  }
}
