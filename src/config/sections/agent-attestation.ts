// Section AgentAttestation: the policies that admit agents of a cluster. Any one satisfied policy admits.
import * as v from 'valibot'
import type { AttestorTable } from '../../attest/table.ts'
import { createPolicySet, type PolicySet } from '../../policy/policy.ts'
import { compilePolicies, createPolicyEntries } from './policies.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

function createSpecSchema(attestors: AttestorTable) {
  return v.strictObject({
    policies: v.pipe(
      v.array(v.strictObject(createPolicyEntries(attestors))),
      v.metadata(SALVAGED),
      v.description('Policies, any one of which admits; [] refuses every login'),
    ),
  })
}

export const agentAttestation: SectionRow<PolicySet> = defineSection({
  scopes: ['cluster'],
  description: 'Which evidence admits agents of a cluster',
  spec: createSpecSchema,
  compile: ({ policies }, context, report) =>
    createPolicySet(
      compilePolicies(policies, context, (issue) => report({ ...issue, path: ['policies', ...issue.path] })),
    ),
})
