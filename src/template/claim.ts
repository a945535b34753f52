// Templates of JWT claims: any well-formed string. A single reference keeps a multi-valued attribute as a list.
import type { Attributes } from '../attribute/attribute.ts'
import type { Issue, Path } from '../core/issue.ts'
import { CLAIM_VALUE_MAX_BYTES } from '../core/limits.ts'
import { type Checked, pass } from '../core/result.ts'
import { countUtf8Bytes } from '../core/utf8.ts'
import { lintReferences } from './lint.ts'
import { refuseValue, renderReference } from './render-reference.ts'
import { isReference, parseTemplate, type Reference } from './syntax.ts'
import type { ClaimTemplate } from './template.ts'

/** Compiles a claim. A claim without a reference is not a template: upstream refuses static claims as well. */
export function compileClaim(
  text: string,
  path: Path,
): { readonly template?: ClaimTemplate; readonly issues: readonly Issue[] } {
  const { parts, issues } = parseTemplate(text, 'jwtClaim', path)
  if (issues.length > 0) return { issues }
  const references = parts.filter(isReference)
  if (references.length === 0) {
    const message = 'A claim must refer to an attribute, for example "{{kubernetes.pod.namespace}}"'
    return { issues: [{ code: 'template_static', path, message, offset: 0 }] }
  }
  return { template: { surface: 'jwtClaim', text, references, parts }, issues: lintReferences(references, path) }
}

/**
 * Renders a claim: an array if the template is a single reference to an attribute with a list, otherwise a string (counts
 * too). Refuses with `attribute_missing`, `attribute_invalid` or `value_too_long`.
 */
export function renderClaim(template: ClaimTemplate, attributes: Attributes): Checked<string | readonly string[]> {
  const [only] = template.parts
  if (template.parts.length === 1 && only !== undefined && isReference(only)) {
    const value = attributes.get(only.attribute.name)
    if (typeof value === 'object') return renderList(only, value)
  }
  let text = ''
  /** Bytes of what was counted: only once the length leaves it open, and each part once. */
  let bytes = 0
  let counted = 0
  let longest: Reference | undefined
  let longestLength = 0
  for (const part of template.parts) {
    const piece = isReference(part) ? renderReference(part, attributes, 'jwtClaim') : pass(part.text)
    if (!piece.ok) return piece
    text += piece.value
    if (isReference(part) && piece.value.length > longestLength) {
      longest = part
      longestLength = piece.value.length
    }
    if (!isReference(part) || text.length * 3 <= CLAIM_VALUE_MAX_BYTES) continue
    bytes += countUtf8Bytes(text.slice(counted))
    counted = text.length
    if (bytes > CLAIM_VALUE_MAX_BYTES) return refuseLength(longest ?? part)
  }
  return pass(text)
}

/** Each value is filtered by itself. */
function renderList(reference: Reference, values: readonly string[]): Checked<readonly string[]> {
  const { name } = reference.attribute
  const texts: string[] = []
  let bytes = 0
  for (const value of values) {
    const text = renderReference(reference, new Map([[name, value]]), 'jwtClaim')
    if (!text.ok) return text
    bytes += countUtf8Bytes(text.value)
    if (bytes > CLAIM_VALUE_MAX_BYTES) return refuseLength(reference)
    texts.push(text.value)
  }
  return pass(texts)
}

function refuseLength(reference: Reference): Checked<never> {
  const what = `the claim would be longer than ${CLAIM_VALUE_MAX_BYTES} bytes`
  return refuseValue('value_too_long', reference, 'jwtClaim', what, 'use another attribute')
}
