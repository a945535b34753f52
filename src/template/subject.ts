// Templates of an X.509 subject. The text is split into RDNs when it is read, values are put in as typed values and
// escaped when the name is printed (RFC 4514 section 2.4): a label `x,O=admin` stays one value.
import type { Attributes } from '../attribute/attribute.ts'
import type { Issue, Path } from '../core/issue.ts'
import { SUBJECT_VALUES_MAX } from '../core/limits.ts'
import { hasControl, quoteText } from '../core/printable.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import {
  DISTINGUISHED_NAME_FAULTS,
  makeDistinguishedName,
  printDistinguishedName,
  type TypedValue,
} from '../identity/distinguished-name.ts'
import { parseSubject, type SubjectPart } from '../identity/parse-distinguished-name.ts'
import { checkSubjectValue, SUBJECT_VALUE_FAULTS, type SubjectType } from '../identity/subject-type.ts'
import { lintReferences } from './lint.ts'
import { refuseValue, renderReference } from './render-reference.ts'
import { isReference, parseTemplate, type Reference } from './syntax.ts'
import type { SubjectTemplate } from './template.ts'

/**
 * Compiles a subject template. References are allowed in values only; literal values are checked against their types.
 */
export function compileSubject(
  text: string,
  path: Path,
): { readonly template?: SubjectTemplate; readonly issues: readonly Issue[] } {
  const { parts, issues: found } = parseTemplate(text, 'x509Subject', path)
  if (found.length > 0) return { issues: found }
  const read = parseSubject(parts.map((part) => (isReference(part) ? { hole: part } : part)))
  if (!read.ok) {
    const message = `The subject is not a distinguished name (RFC 4514): ${DISTINGUISHED_NAME_FAULTS[read.reason]}`
    return { issues: [{ code: 'subject_invalid', path, message, offset: read.offset }] }
  }
  const values = read.value.flat()
  if (values.length > SUBJECT_VALUES_MAX) {
    const message = `The subject has ${values.length} values; at most ${SUBJECT_VALUES_MAX} are allowed`
    return { issues: [{ code: 'subject_invalid', path, message, offset: values[SUBJECT_VALUES_MAX]?.offset ?? 0 }] }
  }
  const issues: Issue[] = []
  for (const { type, pieces, offset } of values) {
    const fixed = pieces.filter((piece) => typeof piece === 'string').join('')
    const fault = checkSubjectValue(type, fixed)
    const isComplete = pieces.every((piece) => typeof piece === 'string')
    // What is empty or too short may be filled by a value; what is too long or forbidden stays so.
    if (fault === undefined || (!isComplete && (fault === 'value_empty' || fault === 'value_too_short'))) continue
    const message = `Cannot set ${type.name} to ${quoteText(fixed)}: ${SUBJECT_VALUE_FAULTS[fault]}${describeBound(type)}`
    issues.push({ code: 'subject_invalid', path, message, offset })
  }
  if (issues.length > 0) return { issues }
  const references = parts.filter(isReference)
  const template: SubjectTemplate = { surface: 'x509Subject', text, references, rdns: read.value }
  return { template, issues: lintReferences(references, path) }
}

/**
 * The subject as RFC 4514 text, with exactly the RDNs of the template. Refuses with `attribute_missing`,
 * `attribute_invalid`, `value_too_long` or `subject_invalid`; `where` names the attribute.
 */
export function renderSubject(template: SubjectTemplate, attributes: Attributes): Checked<string> {
  const rdns: (readonly TypedValue[])[] = []
  for (const rdn of template.rdns) {
    const values: TypedValue[] = []
    for (const part of rdn) {
      const value = renderPart(part, attributes)
      if (!value.ok) return value
      values.push({ type: part.type, value: value.value })
    }
    rdns.push(values)
  }
  const made = makeDistinguishedName(rdns)
  if (made.ok) return pass(printDistinguishedName(made.value))
  return refuse({
    code: 'subject_invalid',
    detail: `Cannot make the subject: ${DISTINGUISHED_NAME_FAULTS[made.reason]}`,
  })
}

function renderPart({ type, pieces }: SubjectPart<Reference>, attributes: Attributes): Checked<string> {
  let value = ''
  let culprit: Reference | undefined
  let longest = { reference: culprit, text: '' }
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      value += piece
      continue
    }
    const text = renderReference(piece, attributes, 'x509Subject')
    if (!text.ok) return text
    value += text.value
    culprit ??= piece
    if (text.value.length > longest.text.length) longest = { reference: piece, text: text.value }
    // The longest is the one to name where the value is too long, and the one that brought a forbidden character.
    const soFar = checkSubjectValue(type, value)
    if (soFar === 'value_too_long') return refusePart(longest.reference ?? piece, type, longest.text, soFar)
    if (soFar === 'value_character') return refusePart(piece, type, text.value, soFar)
  }
  const reason = checkSubjectValue(type, value)
  return reason === undefined || culprit === undefined ? pass(value) : refusePart(culprit, type, value, reason)
}

function refusePart(
  reference: Reference,
  type: SubjectType,
  value: string,
  reason: keyof typeof SUBJECT_VALUE_FAULTS,
): Checked<never> {
  const what = `${type.name} cannot hold ${quoteText(value)}: ${SUBJECT_VALUE_FAULTS[reason]}${describeBound(type)}`
  switch (reason) {
    case 'value_too_long': {
      const fix = 'values are never truncated, because two names could become equal: use another attribute or type'
      return refuseValue('value_too_long', reference, 'x509Subject', what, fix)
    }
    case 'value_empty': {
      const fix = 'default("...") applies only to an absent attribute: send a value or use another attribute'
      return refuseValue('attribute_invalid', reference, 'x509Subject', what, fix)
    }
    case 'value_character': {
      const isControl = hasControl(value)
      const fix = 'replace("...", "-") replaces a forbidden character'
      return refuseValue(isControl ? 'attribute_invalid' : 'subject_invalid', reference, 'x509Subject', what, fix)
    }
    case 'value_too_short':
      return refuseValue('subject_invalid', reference, 'x509Subject', what, 'use another attribute')
  }
}

function describeBound(type: SubjectType): string {
  return type.minLength === type.maxLength
    ? ` (${type.name} has ${type.maxLength} letters)`
    : ` (${type.name} has at most ${type.maxLength} characters)`
}
