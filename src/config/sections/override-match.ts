// When an override applies: `when` gives attributes by name, each with the values it may have; `condition` is an
// expression. All of them must match.
import * as v from 'valibot'
import { resolveAttribute, suggestAttribute } from '../../attribute/catalogue.ts'
import type { Condition } from '../../condition/compile.ts'
import { createCatalogueScope } from '../../condition/scope.ts'
import type { Path } from '../../core/issue.ts'
import { UNKNOWN_ATTRIBUTE_QUOTED_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { IssuanceOverride, Match } from '../../policy/mapping/issuance.ts'
import type { IssuanceWork } from './issuance-work.ts'

export const whenSchema = v.pipe(
  v.record(
    v.string(),
    v.union([
      v.string(),
      v.pipe(v.array(v.string()), v.nonEmpty('Cannot use an empty list of values: add at least one')),
    ]),
  ),
  v.description('Attributes, each with its value or a list of values; all attributes must match'),
)

interface OverrideMatch {
  readonly when?: v.InferOutput<typeof whenSchema> | undefined
  readonly condition?: string | undefined
}

/**
 * Compiles the match of the override at `path`. One without `when` and `condition` is an error: it would match every
 * workload.
 */
export function compileMatch(
  { when, condition }: OverrideMatch,
  path: Path,
  work: IssuanceWork,
): Pick<IssuanceOverride, 'when' | 'condition'> {
  if (when === undefined && condition === undefined) {
    const message = 'Either when or condition is required: what applies to all workloads belongs in spec.policy'
    work.report({ code: 'field_missing', path: [...path, 'when'], message })
  }
  const matches = when === undefined ? [] : compileWhen(when, [...path, 'when'], work)
  const compiled =
    condition === undefined ? undefined : compileOverrideCondition(condition, [...path, 'condition'], work)
  return compiled === undefined ? { when: matches } : { when: matches, condition: compiled }
}

/** The condition may read what a template may: attributes of the workload, the agent and the configuration. */
function compileOverrideCondition(text: string, path: Path, work: IssuanceWork): Condition | undefined {
  const condition = work.conditions.compile(text, createCatalogueScope(), path, work.report)
  for (const name of condition?.attributes ?? []) {
    const attribute = resolveAttribute(name)
    if (attribute !== undefined) work.uses.push({ attribute, path })
  }
  return condition
}

function compileWhen(when: v.InferOutput<typeof whenSchema>, path: Path, work: IssuanceWork): readonly Match[] {
  if (Object.keys(when).length === 0) {
    const message =
      'Cannot use an empty when, which would match every workload: add an attribute. What applies to all workloads belongs in spec.policy'
    work.report({ code: 'value_empty', path, message })
  }
  const matches: Match[] = []
  const spellings = new Map<string, string>()
  for (const [name, values] of Object.entries(when)) {
    const attributePath = [...path, name]
    const attribute = resolveAttribute(name)
    if (attribute === undefined) {
      const near = work.hintsLeft-- > 0 ? suggestAttribute(name) : undefined
      const hint = near === undefined ? '' : `; did you mean "${near}"?`
      const message = `Cannot match on ${quoteText(name, UNKNOWN_ATTRIBUTE_QUOTED_MAX)}: unknown attribute${hint}`
      work.report({ code: 'attribute_unknown', path: attributePath, message, atKey: true })
      continue
    }
    const first = spellings.get(attribute.name)
    if (first !== undefined) {
      const message = `Cannot match on one attribute twice: ${quoteText(first)} is also ${attribute.name}. Use one entry with a list of values`
      work.report({ code: 'key_duplicate', path: attributePath, message, atKey: true })
    }
    spellings.set(attribute.name, name)
    work.uses.push({ attribute, path: attributePath, atKey: true })
    matches.push({ attribute: attribute.name, values: new Set(typeof values === 'string' ? [values] : values) })
  }
  return matches
}
