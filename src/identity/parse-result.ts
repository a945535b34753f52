// What the parsers of this folder return: a value whose type proves that it was checked, or a fault and its place.

export type Parsed<T, Fault extends string> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly reason: Fault
      /** Where in the text, in UTF-16 units. */
      readonly offset: number
    }

export function failParse<Fault extends string>(reason: Fault, offset = 0): Parsed<never, Fault> {
  return { ok: false, reason, offset }
}
