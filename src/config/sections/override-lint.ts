// Likely mistakes in overrides: one that can never be reached, and one that silently resets fields of the policy.
import type { Issue } from '../../core/issue.ts'
import { OVERRIDE_COMPARISONS_MAX } from '../../core/limits.ts'
import type { IssuanceOverride, Match } from '../../policy/mapping/issuance.ts'
import type { PolicyFields } from './issuance-fields.ts'

/** An override replaces the whole policy: a field that it omits takes the default, not the policy's value. */
export function lintResets(
  base: PolicyFields | undefined,
  override: PolicyFields,
  report: (issue: Issue) => void,
): void {
  const set = listFields(override)
  const dropped = [...listFields(base ?? {})].filter((field) => !set.has(field))
  if (dropped.length === 0) return
  const message = `This override omits ${dropped.join(', ')}: the default applies, not the value in spec.policy. Set each field that should keep its value`
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
 * Reports each override that is shadowed: every workload that matches it matches an earlier one. Candidates are found
 * by one value of their first attribute, and the search stops after `OVERRIDE_COMPARISONS_MAX` steps, so that no
 * document makes it slow.
 *
 * @returns the steps taken: one for each candidate, each of its attributes and each value that was looked up
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
      const message = `This override is never reached: override ${shadow + 1} of the list matches all of its workloads first. Move it up, or remove it`
      report(index, { code: 'override_shadowed', path: [], message, atKey: true })
    }
    // An override with a condition shadows nothing: a workload that fails the condition reaches those after it.
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

/** Finds the first earlier override that shadows `when`; `undefined` if none does, or once the steps are used up. */
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

/** Whether `earlier` matches everything that `own` does: each of its attributes allows all values that `own` allows. */
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
