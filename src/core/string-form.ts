// What strings of documents must look like beyond being strings: where YAML reads something else, such as the number
// 3600, a hint to put it in quotes must not lead to the next fault. Schemas carry a form as `v.metadata({ form })`.
import { parseDurationSeconds } from './duration.ts'

export interface StringForm {
  readonly accepts: (text: string) => boolean
  /** A noun with its article, and an example. */
  readonly words: string
  /** What was most likely meant by what YAML read as something else, such as `3600s` by the number 3600. */
  readonly repair?: (source: string) => string
}

/** A duration within bounds; a bare number is one of seconds. `words` name the bounds. */
export function makeDurationForm(minSeconds: number, maxSeconds: number, words: string): StringForm {
  return {
    accepts(text) {
      const seconds = parseDurationSeconds(text)
      return seconds !== undefined && seconds >= minSeconds && seconds <= maxSeconds
    },
    words,
    repair: (source) => `${source}s`,
  }
}

export const URL_FORM: StringForm = {
  accepts: (text) => /^https?:/.test(text),
  words: 'a URL such as https://a.example',
}

/** One of a few strings. */
export function makeChoiceForm(choices: readonly string[]): StringForm {
  return { accepts: (text) => choices.includes(text), words: choices.map((choice) => `"${choice}"`).join(' or ') }
}
