// Parses the string form of a distinguished name (RFC 4514 section 3) with holes: a subject template is parsed once,
// with its references as holes, so its RDNs are fixed before any value is known.
import { decodeUtf8Exactly } from '../core/utf8.ts'
import { decodeHexValue } from './hex-value.ts'
import { failParse, type Parsed } from './parse-result.ts'
import { findSubjectType, isDotted, type SubjectType } from './subject-type.ts'

/** A run of characters with its offset in the whole string, or a hole. */
export type SubjectInput<Hole> = { readonly text: string; readonly offset: number } | { readonly hole: Hole }

export interface SubjectPart<Hole> {
  readonly type: SubjectType
  /** Strings are unescaped. */
  readonly pieces: readonly (string | Hole)[]
  readonly offset: number
}

export type SubjectFault =
  | 'empty'
  | 'type_missing'
  | 'type_unknown'
  | 'type_duplicate'
  | 'equals_missing'
  | 'escape_invalid'
  | 'character_unescaped'
  | 'hex_value_unsupported'

type Unit<Hole> = { readonly char: string; readonly offset: number } | { readonly hole: Hole; readonly offset: number }

/** Parses RDNs, each a list of parts. Unescaped spaces around types and values are dropped. */
export function parseSubject<Hole extends object>(
  inputs: readonly SubjectInput<Hole>[],
): Parsed<readonly (readonly SubjectPart<Hole>[])[], SubjectFault> {
  const units = splitUnits(inputs)
  const end = (units.at(-1)?.offset ?? -1) + 1
  if (units.every((unit) => 'char' in unit && unit.char === ' ')) return failParse('empty')
  const rdns: SubjectPart<Hole>[][] = []
  let rdn: SubjectPart<Hole>[] = []
  let at = 0

  const charAt = (index: number): string | undefined => {
    const unit = units[index]
    return unit !== undefined && 'char' in unit ? unit.char : undefined
  }
  const offsetAt = (index: number): number => units[index]?.offset ?? end

  for (;;) {
    while (charAt(at) === ' ') at++
    const typeAt = at
    let name = ''
    for (let char = charAt(at); char !== undefined && /[A-Za-z0-9.-]/.test(char); char = charAt(++at)) name += char
    while (charAt(at) === ' ') at++
    if (name === '') return failParse('type_missing', offsetAt(typeAt))
    if (charAt(at) !== '=') return failParse('equals_missing', offsetAt(at))
    const type = findSubjectType(name)
    if (type === undefined) return failParse('type_unknown', offsetAt(typeAt))
    if (rdn.some((part) => part.type.oid === type.oid)) return failParse('type_duplicate', offsetAt(typeAt))
    at++
    while (charAt(at) === ' ') at++
    const value = isDotted(type) && charAt(at) === '#' ? readHexValue(units, at) : readValue(units, at)
    if (!value.ok) return value
    rdn.push({ type, pieces: value.value.pieces, offset: offsetAt(at) })
    at = value.value.next
    if (charAt(at) === '+') {
      at++
      continue
    }
    rdns.push(rdn)
    rdn = []
    if (at >= units.length) return { ok: true, value: rdns }
    at++
  }
}

function splitUnits<Hole>(inputs: readonly SubjectInput<Hole>[]): readonly Unit<Hole>[] {
  const units: Unit<Hole>[] = []
  let next = 0
  for (const input of inputs) {
    if ('hole' in input) {
      units.push({ hole: input.hole, offset: next })
      continue
    }
    let offset = input.offset
    for (const char of input.text) {
      units.push({ char, offset })
      offset += char.length
    }
    next = offset
  }
  return units
}

/** Reads up to the next unescaped `,` or `+`, or the end. */
function readValue<Hole>(
  units: readonly Unit<Hole>[],
  start: number,
): Parsed<{ readonly pieces: readonly (string | Hole)[]; readonly next: number }, SubjectFault> {
  const pieces: (string | Hole)[] = []
  let text = ''
  /** `text` is kept up to here; unescaped spaces after it are dropped at the end. */
  let kept = 0
  let at = start

  for (; at < units.length; at++) {
    const unit = units[at]
    if (unit === undefined) break
    if ('hole' in unit) {
      if (text !== '') pieces.push(text)
      pieces.push(unit.hole)
      text = ''
      kept = 0
      continue
    }
    const { char, offset } = unit
    if (char === ',' || char === '+') break
    if (char === '#' && at === start) return failParse('hex_value_unsupported', offset)
    if ('";<>\u0000'.includes(char)) return failParse('character_unescaped', offset)
    if (char !== '\\') {
      text += char
      if (char !== ' ') kept = text.length
      continue
    }
    const escaped = readEscape(units, at)
    if (escaped === undefined) return failParse('escape_invalid', offset)
    text += escaped.text
    kept = text.length
    at = escaped.last
  }
  text = text.slice(0, kept)
  if (text !== '') pieces.push(text)
  return { ok: true, value: { pieces, next: at } }
}

/** Reads `#` and hex pairs up to the next `,` or `+`, or the end. */
function readHexValue<Hole>(
  units: readonly Unit<Hole>[],
  start: number,
): Parsed<{ readonly pieces: readonly (string | Hole)[]; readonly next: number }, SubjectFault> {
  let text = ''
  let next = start
  for (; next < units.length; next++) {
    const unit = units[next]
    if (unit === undefined || !('char' in unit)) return failParse('hex_value_unsupported', units[start]?.offset)
    if (unit.char === ',' || unit.char === '+') break
    text += unit.char
  }
  const value = decodeHexValue(text.trimEnd())
  if (value === undefined) return failParse('hex_value_unsupported', units[start]?.offset)
  return { ok: true, value: { pieces: value === '' ? [] : [value], next } }
}

/** Reads one escaped character, or a run of hex pairs: the bytes of UTF-8. */
function readEscape<Hole>(
  units: readonly Unit<Hole>[],
  start: number,
): { readonly text: string; readonly last: number } | undefined {
  const charAt = (index: number): string => {
    const unit = units[index]
    return unit !== undefined && 'char' in unit ? unit.char : ''
  }
  const next = charAt(start + 1)
  if (next !== '' && '"+,;<>\\ #='.includes(next)) return { text: next, last: start + 1 }
  const bytes: number[] = []
  let at = start
  while (charAt(at) === '\\') {
    const pair = charAt(at + 1) + charAt(at + 2)
    if (!/^[0-9A-Fa-f]{2}$/.test(pair)) break
    bytes.push(Number.parseInt(pair, 16))
    at += 3
  }
  if (bytes.length === 0) return undefined
  const text = decodeUtf8Exactly(Uint8Array.from(bytes))
  return text === undefined ? undefined : { text, last: at - 1 }
}
