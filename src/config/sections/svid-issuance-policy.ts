// Section SVIDIssuancePolicy: the identities of a cluster's workloads, with overrides for some of them. `legacy` is
// specific to Postern: the three templates that older clusters have outside managed configuration.
import * as v from 'valibot'
import { stopsCompiling } from '../../core/issue.ts'
import { CONDITION_MAX_LENGTH, ISSUES_MAX, OVERRIDES_MAX, TEMPLATE_MAX_LENGTH } from '../../core/limits.ts'
import type { IssuanceOverride, IssuancePolicy } from '../../policy/mapping/issuance.ts'
import { createConditionCompiler } from '../compile/condition-budget.ts'
import { compileIssuance, policySchema } from './issuance-fields.ts'
import type { IssuanceWork } from './issuance-work.ts'
import { compileLegacy, NO_LEGACY } from './legacy-templates.ts'
import { lintResets, lintShadows } from './override-lint.ts'
import { compileMatch, whenSchema } from './override-match.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

const legacyTemplate = v.pipe(v.string(), v.maxLength(TEMPLATE_MAX_LENGTH))

const legacySchema = v.strictObject({
  pathTemplate: v.optional(
    v.pipe(legacyTemplate, v.nonEmpty(), v.description('Path template for policies without a pathTemplate')),
  ),
  jwtCustomizationTemplate: v.optional(
    v.pipe(legacyTemplate, v.description('Claims for policies without additionalClaims: name={{attribute}},...')),
  ),
  x509CustomizationTemplate: v.optional(
    v.pipe(
      legacyTemplate,
      v.description('Subject for policies without one, and SAN.DNS entries for all policies: CN=...,O=...,SAN.DNS=...'),
    ),
  ),
})

const overrideSchema = v.strictObject({
  when: v.optional(whenSchema),
  condition: v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(CONDITION_MAX_LENGTH),
      v.description('A CEL expression that must also be true; when may then be omitted'),
    ),
  ),
  policy: policySchema,
})

const specSchema = v.strictObject({
  policy: v.optional(policySchema),
  policyOverrides: v.optional(
    v.pipe(
      v.array(overrideSchema),
      v.metadata(SALVAGED),
      v.description('The first override that matches a workload replaces the whole policy'),
    ),
  ),
  legacy: v.optional(v.pipe(legacySchema, v.description('Templates that predate managed configuration'))),
})

export const svidIssuancePolicy: SectionRow<IssuancePolicy> = defineSection({
  scopes: ['cluster'],
  description: 'The SPIFFE IDs, certificates and tokens of the workloads of a cluster',
  spec: specSchema,
  compile(spec, _context, report) {
    const conditions = createConditionCompiler()
    let errors = 0
    const work: IssuanceWork = {
      report(issue) {
        if (stopsCompiling(issue)) errors++
        report(issue)
      },
      uses: [],
      additionalClaims: [],
      conditions,
      hintsLeft: ISSUES_MAX,
    }
    const legacy = spec.legacy === undefined ? NO_LEGACY : compileLegacy(spec.legacy, work)
    const base = compileIssuance(spec.policy ?? {}, ['policy'], legacy, work)
    const overrides: IssuanceOverride[] = []
    const specs = spec.policyOverrides ?? []
    if (specs.length > OVERRIDES_MAX) {
      const message = `Cannot hold ${specs.length} overrides: a document may have at most ${OVERRIDES_MAX}`
      report({ code: 'too_many_policies', path: ['policyOverrides'], message })
      return undefined
    }
    for (const [index, override] of specs.entries()) {
      if (override === undefined) continue
      const path = ['policyOverrides', index]
      const match = compileMatch(override, path, work)
      overrides.push({ ...match, issuance: compileIssuance(override.policy, [...path, 'policy'], legacy, work) })
      lintResets(spec.policy, override.policy, (issue) => report({ ...issue, path: [...path, 'policy'] }))
    }
    // The result is discarded, so comparing its overrides would only cost time.
    if (errors > 0) return undefined
    lintShadows(overrides, (index, issue) => report({ ...issue, path: ['policyOverrides', index, 'when'] }))
    return { base, overrides, uses: work.uses, additionalClaims: work.additionalClaims }
  },
})
