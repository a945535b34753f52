// The forms of strings in documents. If YAML reads another type, such as the number 3600, the hint to quote it must not
// lead to another fault. Schemas have a form as `v.metadata({ form })`.
import { parseDurationSeconds } from './duration.ts'

export interface StringForm {
  readonly accepts: (text: string) => boolean
  /** A noun with its article, and an example. */
  readonly words: string
  /** Proposes a string for a value that YAML reads as another type, such as `3600s` for the number 3600. */
  readonly repair?: (source: string) => string
}

/** Makes the form of a duration within bounds. A bare number counts as seconds. `words` name the bounds. */
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

/** Makes the form of a string that is one of a few choices. */
export function makeChoiceForm(choices: readonly string[]): StringForm {
  return { accepts: (text) => choices.includes(text), words: choices.map((choice) => `"${choice}"`).join(' or ') }
}
