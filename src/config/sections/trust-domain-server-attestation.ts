// Section TrustDomainServerAttestation: which evidence admits issuers. An issuer may ask for every workload of its
// clusters, so a bearer token must be pinned exactly here.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { Path } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import { createPolicySet, type Policy, type PolicySet } from '../../policy/policy.ts'
import type { CompileContext } from '../compile/section-context.ts'
import { CLUSTER_ID_WORDS, parseClusterId } from '../document-key.ts'
import { compilePolicies, createPolicyEntries } from './policies.ts'
import { createRequiredAttestorsSchema } from './requirements.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

function createPolicySchema(attestors: AttestorTable) {
  return v.strictObject({
    ...createPolicyEntries(attestors),
    allowedClusters: v.optional(
      v.pipe(
        v.array(v.string()),
        v.nonEmpty('Cannot allow no cluster: name at least one, or remove the field to allow all'),
        v.description('Ids of the clusters that the session is good for; default all'),
      ),
    ),
  })
}

function createSpecSchema(attestors: AttestorTable) {
  return v.strictObject({
    requiredAttestors: v.optional(createRequiredAttestorsSchema(attestors)),
    policies: v.optional(
      v.pipe(
        v.array(createPolicySchema(attestors)),
        v.metadata(SALVAGED),
        v.description('Policies, any one of which admits; instead of requiredAttestors'),
      ),
    ),
  })
}

type PolicySpec = v.InferOutput<ReturnType<typeof createPolicySchema>>

/** The name of the one policy of a document that has `requiredAttestors` alone. */
const LONE_POLICY = 'default'

export const trustDomainServerAttestation: SectionRow<PolicySet> = defineSection({
  scope: 'trust-domain',
  description: 'Which evidence admits issuers of the trust domain',
  spec: createSpecSchema,
  compile({ requiredAttestors, policies }, context, report) {
    if (requiredAttestors !== undefined && policies !== undefined) {
      const message = 'Cannot have both policies and requiredAttestors: move the attestors into a policy'
      report({ code: 'field_conflict', path: ['policies'], message, atKey: true })
    }
    if (policies !== undefined) return createPolicySet(compileList(policies, context, report))
    if (requiredAttestors !== undefined) {
      const lone = { name: LONE_POLICY, requiredAttestors }
      // What is wrong with the one policy stands right under `spec`.
      return createPolicySet(compilePolicies([lone], requireExactPins(context), reportUnder([], report, 1)))
    }
    const message = 'Cannot do without requiredAttestors or policies: add one of them; policies: [] admits nobody'
    report({ code: 'field_missing', path: ['requiredAttestors'], message })
    return undefined
  },
})

function compileList(policies: readonly PolicySpec[], context: CompileContext, report: Report): readonly Policy[] {
  const compiled = compilePolicies(policies, requireExactPins(context), reportUnder(['policies'], report))
  return compiled.map((policy) => {
    const allowedClusters = policies[policy.index]?.allowedClusters
    if (allowedClusters === undefined) return policy
    for (const [at, id] of allowedClusters.entries()) {
      if (parseClusterId(id) !== undefined) continue
      const message = `Cannot use ${quoteText(id)} as the id of a cluster: ${CLUSTER_ID_WORDS}`
      report({ code: 'name_invalid', path: ['policies', policy.index, 'allowedClusters', at], message })
    }
    return { ...policy, allowedClusters }
  })
}

function requireExactPins(context: CompileContext): CompileContext {
  return { ...context, exactPins: true }
}

/** Reports under `path`, without the first `dropped` steps of the issue's own. */
function reportUnder(path: Path, report: Report, dropped = 0): Report {
  return (issue) => report({ ...issue, path: [...path, ...issue.path.slice(dropped)] })
}
