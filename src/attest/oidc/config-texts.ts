// What the configurations of token rows share: lists of strings, and the lints of audiences.
import * as v from 'valibot'
import { URL_MAX_LENGTH } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { type StringForm, URL_FORM } from '../../core/string-form.ts'
import type { Report } from '../attest-context.ts'
import { findOwnerOfAudience } from './shared-audiences.ts'

export const DIGITS_FORM: StringForm = {
  accepts: (text) => /^[0-9]{1,20}$/.test(text),
  words: 'digits, in quotes',
}

/** For configurations with fields that no public document names. */
export const OWN_FIELDS = {
  unknownField:
    'no public document of upstream gives the names of all fields of this attestor: those here are of Postern, and the one of upstream may differ',
} as const

/** A list that is not empty: an empty one would admit nobody, or, read otherwise, everybody. */
export function defineTexts(description: string, form?: StringForm) {
  const item = v.pipe(v.string(), v.nonEmpty())
  return v.optional(
    v.pipe(
      v.array(form === undefined ? item : v.pipe(item, v.metadata({ form }))),
      v.nonEmpty(),
      v.description(description),
    ),
  )
}

export function defineUrl(description: string) {
  return v.pipe(
    v.string(),
    v.nonEmpty(),
    v.maxLength(URL_MAX_LENGTH),
    v.metadata({ form: URL_FORM }),
    v.description(description),
  )
}

/** Reports each string of a list that no claim can equal, such as an id with a letter in it. */
export function checkTexts(
  field: string,
  texts: readonly string[] | undefined,
  form: StringForm,
  report: Report,
): void {
  for (const [index, text] of (texts ?? []).entries()) {
    if (form.accepts(text)) continue
    report({
      code: 'value_invalid',
      path: [field, index],
      message: `Cannot use ${quoteText(text)}: write ${form.words}`,
    })
  }
}

/** Warns of audiences that are somebody else's: whoever receives such a token there could send it here. */
export function lintAudiences(field: string, audiences: readonly string[] | undefined, report: Report): void {
  for (const [index, audience] of (audiences ?? []).entries()) {
    const whose = findOwnerOfAudience(audience)
    if (whose === undefined) continue
    const message = `The audience ${quoteText(audience)} is that of ${whose}: whoever receives such a token there can log in with it here; have agents request an audience of this gateway, such as its URL`
    report({ code: 'audience_shared', path: [field, index], message })
  }
}
