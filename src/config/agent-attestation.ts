// Section AgentAttestation: the policies that admit agents of a cluster. Any one satisfied policy admits.
import * as v from 'valibot'
import { createPolicySet, type Policy, type PolicySet } from '../policy/policy.ts'
import {
  checkCount,
  checkNames,
  compileRequirements,
  lintScope,
  noKeySources,
  policyEntries,
  SALVAGED,
} from './policies.ts'
import { defineSection, type SectionRow } from './section.ts'

// Conditions and single use will be two more entries here; until they are enforced, a document that asks for them is
// refused as having unknown fields, never obeyed in part.
const policySchema = v.strictObject(policyEntries)

const specSchema = v.strictObject({
  policies: v.pipe(
    v.array(policySchema),
    v.metadata(SALVAGED),
    v.description('Policies, any one of which admits; [] admits nobody'),
  ),
})

export const agentAttestation: SectionRow<PolicySet> = defineSection({
  scope: 'cluster',
  description: 'Which evidence admits agents of a cluster',
  spec: specSchema,
  compile({ policies }, context, report) {
    if (!checkCount(policies, (issue) => report({ ...issue, path: ['policies'] }))) return undefined
    if (policies.length === 0) {
      report({ code: 'deny_all', path: ['policies'], message: 'No policy admits anybody: every login will be refused' })
    }
    checkNames(policies, (issue) => report({ ...issue, path: ['policies', ...issue.path] }))
    const seen = noKeySources()
    const compiled: Policy[] = []
    for (const [index, policy] of policies.entries()) {
      if (policy === undefined) continue
      const requirements = compileRequirements(policy.requiredAttestors, seen, context, (issue) =>
        report({ ...issue, path: ['policies', index, 'requiredAttestors', ...issue.path] }),
      )
      const result: Policy = { name: policy.name, index, requirements }
      if (requirements.length === policy.requiredAttestors.length) {
        lintScope(result, (issue) => report({ ...issue, path: ['policies', index, ...issue.path] }))
      }
      compiled.push(result)
    }
    return createPolicySet(compiled)
  },
})
