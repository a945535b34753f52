// What is likely a mistake in overrides: one that can never be reached, and one that silently drops what the policy sets.
import type { Issue } from '../../core/issue.ts'
import { OVERRIDE_COMPARISONS_MAX } from '../../core/limits.ts'
import type { IssuanceOverride, Match } from '../../policy/mapping/issuance.ts'
import type { PolicyFields } from './issuance-fields.ts'

/** An override replaces the policy as a whole: what it leaves out takes its default, not the policy's value. */
export function lintResets(
  base: PolicyFields | undefined,
  override: PolicyFields,
  report: (issue: Issue) => void,
): void {
  const set = listFields(override)
  const dropped = [...listFields(base ?? {})].filter((field) => !set.has(field))
  if (dropped.length === 0) return
  const message = `This override does not set ${dropped.join(', ')}: there the default holds, and not what spec.policy says`
  report({ code: 'override_resets_field', path: [], message, atKey: true })
}

function listFields({ pathTemplate, x509, jwt }: PolicyFields): ReadonlySet<string> {
  const fields = Object.entries({
    pathTemplate,
    'x509.ttl': x509?.ttl,
    'x509.subject': x509?.subject,
    'x509.dnsNames': x509?.dnsNames,
    'jwt.ttl': jwt?.ttl,
    'jwt.additionalClaims': jwt?.additionalClaims,
  })
  return new Set(fields.flatMap(([name, value]) => (value === undefined ? [] : [name])))
}

/**
 * Reports each override that an earlier one always precedes: whatever matches it matches the other. Candidates are
 * found by one value of their first attribute, and the search ends where a document would make it slow. Yields the steps
 * that it took: one for each candidate, each of its attributes and each value that was looked up.
 */
export function lintShadows(
  overrides: readonly IssuanceOverride[],
  report: (index: number, issue: Issue) => void,
): number {
  const byValue = new Map<string, number[]>()
  const work: Work = { steps: 0 }
  for (const [index, { when, condition }] of overrides.entries()) {
    const shadow = findShadow(when, overrides, byValue, work)
    if (work.steps > OVERRIDE_COMPARISONS_MAX) break
    if (shadow !== undefined) {
      const message = `This override is never reached: whatever it matches, override ${shadow + 1} of the list has matched before`
      report(index, { code: 'override_shadowed', path: [], message, atKey: true })
    }
    // One that also asks for a condition leaves what fails it to those behind.
    if (condition !== undefined) continue
    const [first] = when
    for (const value of first?.values ?? []) {
      const key = `${first?.attribute}\n${value}`
      const list = byValue.get(key)
      if (list === undefined) byValue.set(key, [index])
      else list.push(index)
    }
  }
  return work.steps
}

interface Work {
  steps: number
}

/** The first override before `when` that precedes it; `undefined` as well once the steps are spent. */
function findShadow(
  when: readonly Match[],
  overrides: readonly IssuanceOverride[],
  byValue: ReadonlyMap<string, readonly number[]>,
  work: Work,
): number | undefined {
  const own = new Map(when.map(({ attribute, values }) => [attribute, values]))
  for (const [attribute, [value]] of own) {
    for (const earlier of byValue.get(`${attribute}\n${value}`) ?? []) {
      if (precedes(overrides[earlier]?.when ?? [], own, work)) return earlier
      if (work.steps > OVERRIDE_COMPARISONS_MAX) return undefined
    }
  }
  return undefined
}

/** Whether `earlier` matches all that `own` does: of each of its attributes, it allows all the values that `own` does. */
function precedes(earlier: readonly Match[], own: ReadonlyMap<string, ReadonlySet<string>>, work: Work): boolean {
  work.steps++
  if (earlier.length > own.size) return false
  return earlier.every(({ attribute, values: allowed }) => {
    work.steps++
    const values = own.get(attribute)
    return (
      values !== undefined &&
      [...values].every((value) => {
        work.steps++
        return allowed.has(value)
      })
    )
  })
}
