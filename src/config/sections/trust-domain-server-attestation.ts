// Section TrustDomainServerAttestation: which evidence admits issuers. An issuer may request every workload of its
// clusters, so bearer tokens must be pinned exactly here.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { Path } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import { createPolicySet, type Policy, type PolicySet } from '../../policy/policy.ts'
import { SESSION_SCOPES } from '../../token/session/session-claims.ts'
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
        v.nonEmpty('Cannot use an empty list of clusters: add one, or remove the field to allow all'),
        v.description('Ids of the clusters for which the session is valid; default all'),
      ),
    ),
    scopes: v.optional(
      v.pipe(
        v.array(v.picklist(SESSION_SCOPES)),
        v.nonEmpty('Cannot use an empty list of scopes: add one, or remove the field to allow all'),
        v.description('What the session may be used for; default all'),
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
        v.description('Policies, any one of which admits; use either this or requiredAttestors'),
      ),
    ),
  })
}

type PolicySpec = v.InferOutput<ReturnType<typeof createPolicySchema>>

/** The name of the single policy of a document with `requiredAttestors` and without `policies`. */
const LONE_POLICY = 'default'

export const trustDomainServerAttestation: SectionRow<PolicySet> = defineSection({
  scopes: ['trust-domain'],
  description: 'Which evidence admits issuers of the trust domain',
  spec: createSpecSchema,
  compile({ requiredAttestors, policies }, context, report) {
    if (requiredAttestors !== undefined && policies !== undefined) {
      const message = 'Cannot use both policies and requiredAttestors: move the attestors into a policy'
      report({ code: 'field_conflict', path: ['policies'], message, atKey: true })
    }
    if (policies !== undefined) return createPolicySet(compileList(policies, context, report))
    if (requiredAttestors !== undefined) {
      const lone = { name: LONE_POLICY, requiredAttestors }
      // The document has no list of policies, so issues get paths directly under `spec`.
      return createPolicySet(compilePolicies([lone], requireExactPins(context), reportUnder([], report, 1)))
    }
    const message =
      'Either requiredAttestors or policies is required: add one of them. policies: [] refuses every login'
    report({ code: 'field_missing', path: ['requiredAttestors'], message })
    return undefined
  },
})

function compileList(policies: readonly PolicySpec[], context: CompileContext, report: Report): readonly Policy[] {
  const compiled = compilePolicies(policies, requireExactPins(context), reportUnder(['policies'], report))
  return compiled.map((policy) => {
    const { allowedClusters, scopes } = policies[policy.index] ?? {}
    for (const [at, id] of (allowedClusters ?? []).entries()) {
      if (parseClusterId(id) !== undefined) continue
      const message = `Cannot use ${quoteText(id)} as the id of a cluster: expected ${CLUSTER_ID_WORDS}`
      report({ code: 'name_invalid', path: ['policies', policy.index, 'allowedClusters', at], message })
    }
    return {
      ...policy,
      ...(allowedClusters === undefined ? {} : { allowedClusters }),
      ...(scopes === undefined ? {} : { scopes }),
    }
  })
}

function requireExactPins(context: CompileContext): CompileContext {
  return { ...context, exactPins: true }
}

/** A report that replaces the first `dropped` steps of each issue's path with `path`. */
function reportUnder(path: Path, report: Report, dropped = 0): Report {
  return (issue) => report({ ...issue, path: [...path, ...issue.path.slice(dropped)] })
}
