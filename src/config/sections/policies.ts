// What the two sections of policies share: a policy's schema, and how one compiles. A policy requires at least one
// attestor, and no type twice.
import * as v from 'valibot'
import type { CompileContext, Report, Requirement } from '../../attest/attestor.ts'
import { ATTESTORS } from '../../attest/table.ts'
import { UNSUPPORTED_ATTESTORS, unsupportedRequirement } from '../../attest/unsupported.ts'
import { findFixedAttributes } from '../../condition/fixed-attributes.ts'
import { catalogueScope } from '../../condition/scope.ts'
import { canonicalJson, isJsonObject, type Json } from '../../core/json.ts'
import {
  CONDITION_MAX_LENGTH,
  CONDITION_MESSAGE_MAX_LENGTH,
  CONDITIONS_PER_POLICY_MAX,
  POLICIES_MAX,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { Policy, PolicyCondition } from '../../policy/policy.ts'
import { keySourceId } from '../../token/keys/key-source-spec.ts'
import { type ConditionCompiler, createConditionCompiler } from '../compile/condition-budget.ts'
import { countErrors } from '../compile/error-count.ts'
import type { SchemaMetadata } from '../compile/validate.ts'

const attestorSchemas = [
  ...[...ATTESTORS.values()].map((row) =>
    v.strictObject({
      type: v.literal(row.type),
      config: row.configOptional ? v.optional(row.configSchema) : row.configSchema,
    }),
  ),
  ...[...UNSUPPORTED_ATTESTORS].map((type) =>
    v.strictObject({
      type: v.pipe(v.literal(type), v.description('Not supported by this version: the policy admits nobody')),
      config: v.optional(v.unknown()),
    }),
  ),
]

/** One invalid element must not hide what is wrong with the others. */
export const SALVAGED = { salvaged: true } as const satisfies SchemaMetadata

const attestorMetadata = {
  unknownCode: 'attestor_unknown',
  noun: 'attestor',
  known: [...ATTESTORS.keys()],
} satisfies SchemaMetadata

export const requiredAttestorsSchema = v.pipe(
  v.array(v.pipe(v.variant('type', attestorSchemas), v.metadata(attestorMetadata))),
  v.nonEmpty('Cannot require no attestor, that would admit nobody: name at least one'),
  v.metadata(SALVAGED),
  v.description('Attestors that must all pass'),
)

/** A name is a segment of the `sub` of every session: `.` and `..` are none (SPIFFE-ID section 2.2). */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/

const NAME_FORM: StringForm = { accepts: (text) => NAME.test(text), words: '1 to 63 letters, digits, ".", "_" or "-"' }

/** Of what YAML reads as something else only the two booleans are expressions, and true or false. */
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
      v.description('What a caller is told whose evidence verified, and for whom the expression is false'),
    ),
  ),
})

export const conditionsSchema = v.optional(
  v.pipe(
    v.array(conditionSchema),
    v.nonEmpty('Cannot have no condition here: name one, or remove the field'),
    v.maxLength(CONDITIONS_PER_POLICY_MAX),
    v.metadata(SALVAGED),
    v.description('Conditions that must all hold, after all attestors have passed'),
  ),
)

export const policyEntries = {
  name: v.pipe(
    v.string(),
    v.metadata({ form: NAME_FORM }),
    v.description('Unique name of the policy: letters, digits, ".", "_" and "-", at most 63'),
  ),
  requiredAttestors: requiredAttestorsSchema,
  conditions: conditionsSchema,
}

export type RequiredAttestors = v.InferOutput<typeof requiredAttestorsSchema>

/** The key sources of one document, by attestor type and selector: an issuer whose keys come from two places is none. */
export interface SeenKeySources {
  readonly byIssuer: Map<string, string>
}

export function noKeySources(): SeenKeySources {
  return { byIssuer: new Map() }
}

/** Compiles the attestors of one policy; paths are relative to the list. Holes are attestors that were invalid. */
export function compileRequirements(
  attestors: RequiredAttestors,
  seen: SeenKeySources,
  context: CompileContext,
  report: Report,
): readonly Requirement[] {
  const types = new Set<string>()
  const requirements: Requirement[] = []
  for (const [index, attestor] of attestors.entries()) {
    if (attestor === undefined) continue
    const { type } = attestor
    if (types.has(type)) {
      const message = `Cannot require "${type}" twice in one policy: an agent sends one piece of evidence of each type`
      report({ code: 'attestor_duplicate', path: [index, 'type'], message })
    }
    types.add(type)
    if (UNSUPPORTED_ATTESTORS.has(type)) {
      const message = `Attestor ${quoteText(type)} is documented, and not supported by this version: this policy admits nobody, other policies are unaffected. Remove the policy, or require ${[...ATTESTORS.keys()].join(' or ')}`
      report({ code: 'attestor_unsupported', path: [index, 'type'], message })
      requirements.push(unsupportedRequirement(type))
      continue
    }
    const config = attestor.config ?? Object.create(null)
    const requirement = ATTESTORS.get(type)?.compile(config, context, (issue) =>
      report({ ...issue, path: [index, 'config', ...issue.path] }),
    )
    if (requirement === undefined) continue
    requirements.push(requirement)
    if (!isOnlySource(requirement, config as Json, seen)) {
      const message = `Cannot take the keys of ${requirement.selector} from here: another policy takes them from elsewhere, and one issuer has one source of keys`
      report({ code: 'key_source_conflict', path: [index, 'config'], message })
    }
  }
  return requirements
}

function isOnlySource({ type, selector, keySource }: Requirement, config: Json, seen: SeenKeySources): boolean {
  if (keySource === undefined) return true
  // The id of an inline set names its document and its issuer: only the keys tell two sets of one issuer apart. Every
  // attestor calls such a set `jwks`.
  const inline = keySource.kind === 'inline' && isJsonObject(config) ? config['jwks'] : undefined
  const keys = inline === undefined ? '' : canonicalJson(inline)
  const issuer = `${type}\n${selector}`
  const source = `${keySourceId(keySource)}\n${keys}`
  const first = seen.byIssuer.get(issuer)
  if (first === undefined) seen.byIssuer.set(issuer, source)
  return first === undefined || first === source
}

type Conditions = v.InferOutput<typeof conditionsSchema>

/**
 * Compiles the conditions of one policy, which may read what its own attestors prove and nothing else. Which those are
 * is not known (`undefined`) while one of them does not compile.
 */
function compileConditions(
  conditions: Conditions,
  types: ReadonlySet<string> | undefined,
  compiler: ConditionCompiler,
  report: Report,
): readonly PolicyCondition[] {
  const scope = catalogueScope(({ name, origin }) =>
    types === undefined || types.has(origin)
      ? undefined
      : `Cannot use "${name}" here: no required attestor of this policy proves it`,
  )
  const compiled: PolicyCondition[] = []
  for (const [index, spec] of (conditions ?? []).entries()) {
    if (spec === undefined) continue
    const condition = compiler.compile(spec.expression, scope, [index, 'expression'], report)
    const message = spec.message ?? `condition ${index + 1} of the policy does not hold`
    if (condition !== undefined) compiled.push({ condition, message })
  }
  return compiled
}

export interface PolicySpec {
  readonly name: string
  readonly requiredAttestors: RequiredAttestors
  readonly conditions?: Conditions
}

/** Compiles a list of policies; paths are relative to it. Holes are policies that were invalid. */
export function compilePolicies(
  policies: readonly PolicySpec[],
  context: CompileContext,
  report: Report,
): readonly Policy[] {
  if (policies.length > POLICIES_MAX) {
    const message = `Cannot hold ${policies.length} policies: a document has at most ${POLICIES_MAX}`
    report({ code: 'too_many_policies', path: [], message })
    return []
  }
  if (policies.length === 0) {
    report({ code: 'deny_all', path: [], message: 'No policy admits anybody: every login will be refused' })
  }
  checkNames(policies, report)
  const errors = countErrors(report)
  const seen = noKeySources()
  const compiler = createConditionCompiler()
  const compiled: Policy[] = []
  for (const [index, policy] of policies.entries()) {
    if (policy === undefined) continue
    if (errors.isEnough()) break
    const requirements = compileRequirements(policy.requiredAttestors, seen, context, (issue) =>
      errors.report({ ...issue, path: [index, 'requiredAttestors', ...issue.path] }),
    )
    const isWhole = requirements.length === policy.requiredAttestors.length
    const types = isWhole ? new Set(requirements.map(({ type }) => type)) : undefined
    const conditions = compileConditions(policy.conditions, types, compiler, (issue) =>
      errors.report({ ...issue, path: [index, 'conditions', ...issue.path] }),
    )
    compiled.push({ name: policy.name, index, requirements, conditions })
    // A condition that does not compile is an error already, and may be the one that fixes them.
    if (isWhole && conditions.length === (policy.conditions?.length ?? 0)) {
      const fixed = new Set(conditions.flatMap(({ condition }) => findFixedAttributes(condition.expression)))
      lintScope(policy.name, requirements, fixed, (issue) => report({ ...issue, path: [index, ...issue.path] }))
    }
  }
  return compiled
}

/** Names are printed, signed and compared: one spelling, no duplicates. Paths are relative to the list of policies. */
function checkNames(policies: readonly PolicySpec[], report: Report): void {
  const indexes = new Map<string, number>()
  for (const [index, policy] of policies.entries()) {
    if (policy === undefined) continue
    const { name } = policy
    if (!NAME.test(name)) {
      const message = `Cannot use ${quoteText(name)} as a name: ${NAME_FORM.words}`
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

/**
 * A bearer token whose namespace and account are not both fixed admits pods that are not agents: an attacker who may create
 * a service account, a namespace or a pod on a node chooses the rest. `fixed` is what the conditions fix.
 */
function lintScope(
  name: string,
  requirements: readonly Requirement[],
  fixed: ReadonlySet<string>,
  report: Report,
): void {
  const [only, second] = requirements
  if (only === undefined || second !== undefined || only.scoped) return
  const open = only.unfixed?.filter((attribute) => !fixed.has(attribute))
  if (open?.length === 0) return
  const what = `Policy ${quoteText(name)} does not fix ${open?.join(' and ') ?? `whose ${only.type} it accepts`}, so pods that are not agents could log in`
  const next = 'set serviceAccountNamespace and serviceAccountName, or require a second attestor'
  report({ code: 'trust_unscoped', path: ['requiredAttestors', 0], message: `${what}: ${next}` })
}
