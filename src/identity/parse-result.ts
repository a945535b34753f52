// The result of the parsers of this folder: a value whose type proves that it was checked, or a fault and its offset.

export type Parsed<T, Fault extends string> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly reason: Fault
      /** The offset in the input, in UTF-16 units. */
      readonly offset: number
    }

export function failParse<Fault extends string>(reason: Fault, offset = 0): Parsed<never, Fault> {
  return { ok: false, reason, offset }
}
