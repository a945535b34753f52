// Path templates: a SPIFFE ID with exactly the segments that the template has (`segments`, at its end, is the one stated
// exception). Whatever the values are, none adds a segment, climbs with "..", or reaches a reserved path.
import { ALPHABETS, fitsAlphabet } from '../attribute/alphabet.ts'
import type { Attributes } from '../attribute/attribute.ts'
import type { Issue, IssueCode, Path } from '../core/issue.ts'
import { SPIFFE_ID_MAX_BYTES } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { isReservedSegment, makeSpiffeId, SPIFFE_ID_FAULTS, type SpiffeId } from '../identity/spiffe-id.ts'
import type { TrustDomain } from '../identity/trust-domain.ts'
import { applyFilters } from './filter.ts'
import { lintPath } from './lint.ts'
import { filterRaw, readRaw, refuseValue } from './render-reference.ts'
import { isReference, type Part, parseTemplate, type Reference } from './syntax.ts'
import { type PathTemplate, spansSegments } from './template.ts'

/** Compiles a path template. Faults that do not depend on values are reported as issues. */
export function compilePath(
  text: string,
  path: Path,
): { readonly template?: PathTemplate; readonly issues: readonly Issue[] } {
  const { parts, issues: found } = parseTemplate(text, 'pathTemplate', path)
  if (found.length > 0) return { issues: found }
  const issues: Issue[] = []
  const report = (code: IssueCode, message: string, offset: number): void =>
    void issues.push({ code, path, message, offset })

  if (!text.startsWith('/')) report('path_invalid', 'A path template must start with "/"', 0)
  const segments = splitSegments(parts)
  for (const [index, segment] of segments.entries()) {
    const fault = findSegmentFault(segment.parts, index === 0)
    if (fault !== undefined) report(fault.code, fault.message, fault.offset ?? segment.offset)
  }
  const references = parts.filter(isReference)
  for (const reference of references) {
    const fault = findDefaultFault(reference)
    if (fault !== undefined) report('path_invalid', fault, reference.offset)
  }
  const staticLength = parts.reduce((length, part) => length + (isReference(part) ? 1 : part.text.length), 0)
  if (staticLength + 'spiffe://a'.length > SPIFFE_ID_MAX_BYTES) {
    report('path_invalid', `The SPIFFE ID would be longer than ${SPIFFE_ID_MAX_BYTES} bytes`, 0)
  }
  if (issues.length > 0) return { issues }
  const template: PathTemplate = {
    surface: 'pathTemplate',
    text,
    references,
    segments: segments.map((segment) => segment.parts),
  }
  return { template, issues: lintPath(template, path) }
}

interface Segment {
  readonly parts: Part[]
  readonly offset: number
}

/** Splits the literal parts at their slashes. The caller reports what precedes the first slash. */
function splitSegments(parts: readonly Part[]): readonly Segment[] {
  const segments: Segment[] = []
  for (const part of parts) {
    if (isReference(part)) {
      segments.at(-1)?.parts.push(part)
      continue
    }
    let offset = part.offset
    for (const [index, text] of part.text.split('/').entries()) {
      if (index > 0) segments.push({ parts: [], offset })
      if (text !== '') segments.at(-1)?.parts.push({ text, offset })
      offset += text.length + 1
    }
  }
  return segments
}

function findSegmentFault(
  parts: readonly Part[],
  isFirst: boolean,
): { readonly code: IssueCode; readonly message: string; readonly offset?: number } | undefined {
  if (parts.length === 0) return { code: 'path_invalid', message: 'The path has an empty segment' }
  for (const part of parts) {
    const wrong = isReference(part) ? -1 : part.text.search(/[^A-Za-z0-9._-]/)
    if (wrong < 0 || isReference(part)) continue
    const message = `A path segment cannot hold ${quoteText(String.fromCodePoint(part.text.codePointAt(wrong) ?? 0))}`
    return { code: 'path_invalid', message, offset: part.offset + wrong }
  }
  const [only] = parts
  if (parts.length > 1 || only === undefined || isReference(only)) return undefined
  if (only.text === '.' || only.text === '..') {
    return { code: 'path_invalid', message: `A path segment cannot be "${only.text}"` }
  }
  if (!isFirst || !isReservedSegment(only.text)) return undefined
  return { code: 'path_reserved', message: `Paths under /${only.text} are reserved` }
}

/** Finds a fault of the default, which does not depend on values. */
function findDefaultFault(reference: Reference): string | undefined {
  const fallback = applyFilters(reference.filters, undefined)
  if (!fallback.ok) return undefined
  const { name } = reference.attribute
  if (fallback.text === '') return `The default of ${name} is empty: a path segment must not be empty`
  const allowed = spansSegments(reference) ? /^[A-Za-z0-9._/-]*$/ : /^[A-Za-z0-9._-]*$/
  return allowed.test(fallback.text)
    ? undefined
    : `A path segment cannot be made of ${quoteText(fallback.text)}, the default of ${name}`
}

/**
 * The SPIFFE ID of a workload. Refuses with `attribute_missing`, `attribute_invalid`, `value_too_long`,
 * `spiffe_id_invalid` or `path_reserved`; `where` names the attribute.
 */
export function renderPath(
  template: PathTemplate,
  attributes: Attributes,
  trustDomain: TrustDomain,
): Checked<SpiffeId> {
  const segments: string[] = []
  let longest: Reference | undefined
  let longestLength = 0
  for (const segment of template.segments) {
    let text = ''
    for (const part of segment) {
      const piece = isReference(part) ? renderPathValue(part, attributes) : pass(part.text)
      if (!piece.ok) return piece
      text += piece.value
      if (isReference(part) && piece.value.length > longestLength) {
        longest = part
        longestLength = piece.value.length
      }
    }
    const last = segment.at(-1)
    if (last !== undefined && isReference(last) && spansSegments(last)) segments.push(...text.split('/'))
    else segments.push(text)
  }
  const [first = ''] = segments
  if (isReservedSegment(first)) {
    return refuseWhole(template, 'path_reserved', `the path would be under /${first}, which is reserved`)
  }
  const made = makeSpiffeId(trustDomain, segments)
  if (made.ok) return pass(made.value)
  const what = SPIFFE_ID_FAULTS[made.reason]
  return made.reason === 'too_long'
    ? refuseWhole(template, 'value_too_long', what, longest)
    : refuseWhole(template, 'spiffe_id_invalid', what)
}

function renderPathValue(reference: Reference, attributes: Attributes): Checked<string> {
  const surface = 'pathTemplate'
  const raw = readRaw(reference, attributes, surface)
  if (!raw.ok) return raw
  const { name, row } = reference.attribute
  if (raw.value !== undefined && !fitsAlphabet(raw.value, row.alphabet)) {
    const what = `${quoteText(raw.value)} is not a valid value`
    const fix = `no filter can fix this: ${name} is ${ALPHABETS[row.alphabet].description}`
    return refuseValue('attribute_invalid', reference, surface, what, fix)
  }
  const filtered = filterRaw(reference, raw.value, surface)
  if (!filtered.ok) return filtered
  const text = filtered.value
  if (text === '') {
    const fix = 'default("...") applies only to an absent attribute: send a value or use another attribute'
    return refuseValue('attribute_invalid', reference, surface, 'its value is empty', fix)
  }
  const spans = spansSegments(reference)
  if (!(spans ? /[^A-Za-z0-9._/-]/ : /[^A-Za-z0-9._-]/).test(text)) return filtered
  const forbidden = new Set(text.match(spans ? /[^A-Za-z0-9._/-]/gu : /[^A-Za-z0-9._-]/gu))
  const what = `a path segment cannot hold its value ${quoteText(text)}`
  return refuseValue('attribute_invalid', reference, surface, what, `use ${describeFilters([...forbidden])}`)
}

/** The filters that let a value with these characters into a path. */
function describeFilters(forbidden: readonly string[]): string {
  const named = forbidden.slice(0, 3).map((character) => `replace(${quoteText(character)}, "-")`)
  const more = forbidden.length > 3 ? ' and so on' : ''
  const spanning = forbidden.includes('/') ? ', or segments at the end of the template to keep "/"' : ''
  return `the filter ${named.join(' | ')}${more}${spanning}`
}

/** A fault of the whole names the references that made it. */
function refuseWhole(
  template: PathTemplate,
  code: 'path_reserved' | 'value_too_long' | 'spiffe_id_invalid',
  what: string,
  culprit = template.references[0],
): Checked<never> {
  const names = template.references.map((reference) => reference.attribute.name)
  const detail = `Cannot use ${names.join(', ')} in a path template: ${what}; put literal text before it, or use another attribute`
  return refuse({ code, detail, ...(culprit === undefined ? {} : { where: culprit.attribute.name }) })
}
