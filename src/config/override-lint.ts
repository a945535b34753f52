// What is likely a mistake in overrides: one that can never be reached, and one that silently drops what the policy sets.
import type { Issue } from '../core/issue.ts'
import { OVERRIDE_COMPARISONS_MAX } from '../core/limits.ts'
import type { IssuanceOverride, Match } from '../policy/issuance.ts'
import type { PolicyFields } from './issuance-fields.ts'

/** An override replaces the policy as a whole: what it leaves out takes its default, not the policy's value. */
export function lintResets(
  base: PolicyFields | undefined,
  override: PolicyFields,
  report: (issue: Issue) => void,
): void {
  const set = fieldsOf(override)
  const dropped = [...fieldsOf(base ?? {})].filter((field) => !set.has(field))
  if (dropped.length === 0) return
  const message = `This override does not set ${dropped.join(', ')}: there the default holds, and not what spec.policy says`
  report({ code: 'override_resets_field', path: [], message, atKey: true })
}

function fieldsOf({ pathTemplate, x509, jwt }: PolicyFields): ReadonlySet<string> {
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
 * found by one value of their first attribute, and the search ends where a document would make it slow.
 */
export function lintShadows(
  overrides: readonly IssuanceOverride[],
  report: (index: number, issue: Issue) => void,
): void {
  const byValue = new Map<string, number[]>()
  let comparisons = 0
  for (const [index, { when, condition }] of overrides.entries()) {
    const candidates = when.flatMap(({ attribute, values }) => {
      const [value] = values
      return value === undefined ? [] : (byValue.get(`${attribute}\n${value}`) ?? [])
    })
    comparisons += candidates.length
    if (comparisons > OVERRIDE_COMPARISONS_MAX) return
    const shadow = candidates.find((earlier) => precedes(overrides[earlier]?.when ?? [], when))
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
}

/** Whether `earlier` matches all that `later` does: of each of its attributes, it allows all the values that `later` does. */
function precedes(earlier: readonly Match[], later: readonly Match[]): boolean {
  return earlier.every((match) => {
    const own = later.find(({ attribute }) => attribute === match.attribute)
    return own !== undefined && [...own.values].every((value) => match.values.has(value))
  })
}
