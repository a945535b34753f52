// Shared by the two sections of policies: the schema of a policy and its compilation. A policy requires at least one
// attestor, and each type at most once.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import { findFixedAttributes } from '../../condition/fixed-attributes.ts'
import { createCatalogueScope } from '../../condition/scope.ts'
import type { Issue } from '../../core/issue.ts'
import {
  CONDITION_MAX_LENGTH,
  CONDITION_MESSAGE_MAX_LENGTH,
  CONDITIONS_PER_POLICY_MAX,
  POLICIES_MAX,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { Policy, PolicyCondition } from '../../policy/policy.ts'
import { type ConditionCompiler, createConditionCompiler } from '../compile/condition-budget.ts'
import type { CompileContext } from '../compile/section-context.ts'
import {
  compileRequirements,
  createAnchorCount,
  createRequiredAttestorsSchema,
  lintScope,
  type RequiredAttestors,
} from './requirements.ts'
import { SALVAGED } from './salvaged.ts'
import { checkSingleUse } from './single-use.ts'

/** A name is a segment of the `sub` of every session, so `.` and `..` are excluded (SPIFFE-ID section 2.2). */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/

const NAME_FORM: StringForm = { accepts: (text) => NAME.test(text), words: '1 to 63 letters, digits, ".", "_" or "-"' }

/** Of the unquoted values that YAML does not parse as strings, only the two booleans are valid expressions. */
const EXPRESSION_FORM: StringForm = {
  accepts: (text) => text === 'true' || text === 'false',
  words: 'an expression such as has(k8s_token.node.name)',
}

const conditionSchema = v.strictObject({
  expression: v.pipe(
    v.string(),
    v.nonEmpty(),
    v.maxLength(CONDITION_MAX_LENGTH),
    v.metadata({ form: EXPRESSION_FORM }),
    v.description('A CEL expression over the attributes of the required attestors; it must be true'),
  ),
  message: v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(CONDITION_MESSAGE_MAX_LENGTH),
      v.description('Message to a caller whose evidence verified but for whom the expression is false'),
    ),
  ),
})

export const conditionsSchema = v.optional(
  v.pipe(
    v.array(conditionSchema),
    v.nonEmpty('Cannot use an empty list of conditions: add one, or remove the field'),
    v.maxLength(CONDITIONS_PER_POLICY_MAX),
    v.metadata(SALVAGED),
    v.description('Conditions that must all be true, after all attestors have passed'),
  ),
)

/** The schema entries of a policy, for a table of attestors. */
export function createPolicyEntries(attestors: AttestorTable) {
  return {
    name: v.pipe(
      v.string(),
      v.metadata({ form: NAME_FORM }),
      v.description('Unique name of the policy: letters, digits, ".", "_" and "-", at most 63'),
    ),
    requiredAttestors: createRequiredAttestorsSchema(attestors),
    conditions: conditionsSchema,
    singleUse: v.optional(
      v.pipe(v.boolean(), v.description('Whether its evidence admits once; default false: until it expires')),
    ),
  }
}

type Conditions = v.InferOutput<typeof conditionsSchema>

/**
 * Compiles the conditions of one policy. They may read only attributes that its own attestors prove.
 *
 * @param types the types of those attestors; `undefined` if one of them did not compile: then the scope is not checked
 */
function compileConditions(
  conditions: Conditions,
  types: ReadonlySet<string> | undefined,
  compiler: ConditionCompiler,
  report: Report,
): readonly PolicyCondition[] {
  const scope = createCatalogueScope(({ name, origin }) =>
    types === undefined || types.has(origin)
      ? undefined
      : `Cannot use "${name}" here: no required attestor of this policy proves it`,
  )
  const compiled: PolicyCondition[] = []
  for (const [index, spec] of (conditions ?? []).entries()) {
    if (spec === undefined) continue
    const condition = compiler.compile(spec.expression, scope, [index, 'expression'], report)
    const message = spec.message ?? `condition ${index + 1} of the policy is false`
    if (condition !== undefined) compiled.push({ condition, message })
  }
  return compiled
}

export interface PolicySpec {
  readonly name: string
  readonly requiredAttestors: RequiredAttestors
  readonly conditions?: Conditions
  readonly singleUse?: boolean | undefined
}

/** What a section allows that others do not. */
export interface PolicyRules {
  /** A policy may require call-outs alone, which is then a warning. Absent: it is an error. */
  readonly mayRestOnCallOuts?: true
}

/** Compiles a list of policies; paths of issues are relative to it. Holes in the list are invalid policies. */
export function compilePolicies(
  policies: readonly PolicySpec[],
  context: CompileContext,
  report: Report,
  { mayRestOnCallOuts }: PolicyRules = {},
): readonly Policy[] {
  if (policies.length > POLICIES_MAX) {
    const message = `Cannot hold ${policies.length} policies: a document may have at most ${POLICIES_MAX}`
    report({ code: 'too_many_policies', path: [], message })
    return []
  }
  if (policies.length === 0) {
    report({
      code: 'deny_all',
      path: [],
      message: 'The list of policies is empty, so every login is refused: add a policy',
    })
  }
  checkNames(policies, report)
  const anchors = createAnchorCount()
  const compiler = createConditionCompiler()
  const compiled: Policy[] = []
  for (const [index, policy] of policies.entries()) {
    if (policy === undefined) continue
    const requirements = compileRequirements(policy.requiredAttestors, anchors, context, (issue) =>
      report({ ...issue, path: [index, 'requiredAttestors', ...issue.path] }),
    )
    const isWhole = requirements.length === policy.requiredAttestors.length
    // Call-outs run after the conditions, so their answers are not available to them.
    const direct = requirements.filter(({ type }) => context.attestors.rows.get(type)?.callOut === undefined)
    const types = isWhole ? new Set(direct.map(({ type }) => type)) : undefined
    const hasOnlyCallOuts = isWhole && requirements.length > 0 && direct.length === 0
    const restsOnCallOuts = hasOnlyCallOuts && mayRestOnCallOuts === true
    if (hasOnlyCallOuts)
      report({
        ...(restsOnCallOuts ? describeTrustedCallOut(policy.name) : CALL_OUT_ALONE),
        path: [index, 'requiredAttestors'],
      })
    const conditions = compileConditions(policy.conditions, types, compiler, (issue) =>
      report({ ...issue, path: [index, 'conditions', ...issue.path] }),
    )
    const isSingleUse = policy.singleUse === true
    if (isSingleUse)
      checkSingleUse(policy.name, requirements, context, (issue) => report({ ...issue, path: [index, ...issue.path] }))
    // Call-outs claim nothing, so nothing would keep their evidence from being used again.
    if (isSingleUse && hasOnlyCallOuts) report({ ...CALL_OUT_USED_AGAIN, path: [index, 'singleUse'] })
    compiled.push({
      name: policy.name,
      index,
      requirements,
      conditions,
      ...(isSingleUse ? { singleUse: true } : {}),
      ...(restsOnCallOuts ? { restsOnCallOuts: true } : {}),
    })
    // A condition that does not compile is an error already, and may be the one that fixes the attributes.
    if (isWhole && conditions.length === (policy.conditions?.length ?? 0)) {
      const fixed = new Set(conditions.flatMap(({ condition }) => findFixedAttributes(condition.expression)))
      lintScope(policy.name, requirements, fixed, context, (issue) =>
        report({ ...issue, path: [index, ...issue.path] }),
      )
    }
  }
  return compiled
}

const CALL_OUT_ALONE = {
  code: 'call_out_alone',
  message: 'Cannot require only call-outs, which verify no evidence: also require an attestor that verifies evidence',
} as const

const CALL_OUT_USED_AGAIN = {
  code: 'single_use_impossible',
  message:
    'Cannot accept evidence once if only call-outs are required: the gateway verifies none of it, so it claims none. Remove singleUse, and let the called service refuse what was used',
} as const

function describeTrustedCallOut(name: string): Pick<Issue, 'code' | 'message'> {
  const message = `Policy ${quoteText(name)} requires only call-outs: the gateway verifies nothing, and whoever answers at their URL decides which identity is given. Also require an attestor that verifies evidence, unless that service verifies it`
  return { code: 'call_out_trusted', message }
}

/**
 * Names are printed, signed and compared, so each is well-formed and unique. Paths are relative to the list of
 * policies.
 */
function checkNames(policies: readonly PolicySpec[], report: Report): void {
  const indexes = new Map<string, number>()
  for (const [index, policy] of policies.entries()) {
    if (policy === undefined) continue
    const { name } = policy
    if (!NAME.test(name)) {
      const message = `Cannot use ${quoteText(name)} as a policy name: expected ${NAME_FORM.words}`
      report({ code: 'name_invalid', path: [index, 'name'], message })
    }
    const first = indexes.get(name)
    if (first !== undefined) {
      const message = `Cannot name two policies ${quoteText(name)}: policy ${first + 1} of the list has that name`
      report({ code: 'name_duplicate', path: [index, 'name'], message })
    } else {
      indexes.set(name, index)
    }
  }
}
