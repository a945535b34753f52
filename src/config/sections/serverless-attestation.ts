// Section ServerlessAttestation: the identities of workloads without an agent, such as functions and devices. Each policy
// says which evidence it takes, as in AgentAttestation, and in `svidPolicy` which identity that evidence gets.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { Issue } from '../../core/issue.ts'
import type { AttributeUse } from '../../policy/mapping/issuance.ts'
import type { Policy } from '../../policy/policy.ts'
import {
  createServerlessPolicies,
  NO_OVERRIDES,
  type ServerlessIssuance,
  type ServerlessPolicies,
} from '../../policy/serverless.ts'
import type { CompileContext } from '../compile/section-context.ts'
import { compileIssuance, policySchema } from './issuance-fields.ts'
import type { TemplateWork } from './issuance-work.ts'
import { NO_LEGACY } from './legacy-templates.ts'
import { compilePolicies, createPolicyEntries } from './policies.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

const svidPolicySchema = v.pipe(
  v.strictObject({
    ...policySchema.entries,
    pathTemplate: v.pipe(
      policySchema.entries.pathTemplate.wrapped,
      v.description('Path of the SPIFFE ID, of the attributes that the attestors of the policy prove'),
    ),
  }),
  v.description('The identity of what satisfies the policy'),
)

function createSpecSchema(attestors: AttestorTable) {
  return v.strictObject({
    policies: v.pipe(
      v.array(v.strictObject({ ...createPolicyEntries(attestors), svidPolicy: svidPolicySchema })),
      v.metadata(SALVAGED),
      v.description('Policies: the first satisfied one gives its identity; [] refuses every request'),
    ),
  })
}

type SvidPolicy = v.InferOutput<typeof svidPolicySchema>

export const serverlessAttestation: SectionRow<ServerlessPolicies> = defineSection({
  scopes: ['cluster', 'trust-domain'],
  description: 'Which evidence gives workloads without an agent an identity, and which one',
  spec: createSpecSchema,
  compile({ policies }, context, report) {
    const reportPolicy: Report = (issue) => report({ ...issue, path: ['policies', ...issue.path] })
    const compiled = compilePolicies(policies, context, reportPolicy, { mayRestOnCallOuts: true })
    const issuances = new Map<string, ServerlessIssuance>()
    for (const policy of compiled) {
      const fields = policies[policy.index]?.svidPolicy
      if (fields === undefined) continue
      const issuance = compileSvidPolicy(fields, policy, context, report)
      if (issuance !== undefined) issuances.set(policy.name, issuance)
    }
    return createServerlessPolicies(compiled, issuances)
  },
})

/** Returns `undefined` if the path template does not compile, which is then an issue. */
function compileSvidPolicy(
  fields: SvidPolicy,
  policy: Policy,
  context: CompileContext,
  report: Report,
): ServerlessIssuance | undefined {
  const work: TemplateWork = { report, uses: [], additionalClaims: [] }
  const path = ['policies', policy.index, 'svidPolicy']
  const { pathTemplate, ...issuance } = compileIssuance(fields, path, NO_LEGACY, work)
  const origins = new Set(policy.requirements.map(({ type }) => type))
  const lacking = work.uses.flatMap((use) => {
    const found = describeLacking(use, origins, context.scope)
    const { path: at, offset } = use
    return found === undefined
      ? []
      : [{ use, issue: { ...found, path: at, ...(offset === undefined ? {} : { offset }) } }]
  })
  for (const { issue } of lacking) report(issue)
  if (pathTemplate === undefined) return undefined
  const [first] = lacking
  return {
    base: { ...issuance, pathTemplate },
    overrides: NO_OVERRIDES,
    uses: work.uses,
    additionalClaims: work.additionalClaims,
    ...(first === undefined
      ? {}
      : {
          fault: { code: 'attribute_not_enabled', where: first.use.attribute.name, detail: first.issue.message },
        }),
  }
}

/**
 * Why an attribute never comes; `undefined` if it may come. A workload without an agent sends evidence and no attributes of its
 * own, so there are those that the attestors of the policy prove, and those of the cluster.
 */
function describeLacking(
  { attribute: { name, row } }: AttributeUse,
  origins: ReadonlySet<string>,
  scope: CompileContext['scope'],
): Pick<Issue, 'code' | 'message'> | undefined {
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
    row.side === 'workload'
      ? 'only an agent collects it, and there is no agent here; use an attribute that a required attestor proves'
      : `no required attestor of this policy proves it; require ${row.origin}, or remove the attribute`
  return { code: 'attribute_not_enabled', message: `${cannot}: ${next}` }
}
