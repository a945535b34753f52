// Strings from outside, made fit to be shown: in an answer, an audit record, a terminal. The one place that knows which
// characters steer a terminal, reorder a line, end it, or hide in it ("Trojan Source", CVE-2021-42574).
import { QUOTED_MAX_CHARACTERS } from './limits.ts'

/**
 * Controls (C0, DEL, C1), format characters (bidirectional controls, the byte order mark, tags), line and paragraph
 * separators, everything that Unicode says to show as nothing, and unpaired surrogates, which no UTF-8 can hold.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** The same but for the line feeds and tabs that lay a text out. */
const UNPRINTABLE_IN_LINES = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** What cannot be seen in a line, or is taken for a space: the unprintable but for tabs and line ends, and all other spaces. */
const UNSEEN = /(?![\t\n\r ])[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}]/u

/** C0, DEL and C1: characters that only serve to deceive where a name or a value is meant. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

/** The offset of the first character of `text` that a reader cannot see or takes for a space, if there is one. */
export function findUnseen(text: string): number | undefined {
  if (isAscii(text)) return undefined
  const at = text.search(UNSEEN)
  return at < 0 ? undefined : at
}

/** As JSON writes it, and JavaScript. A character beyond the first plane is two escapes. */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}

/**
 * `text` on one line, with every character that is not to be shown escaped as `\uXXXX`. The result has at most
 * `maxLength` UTF-16 units (40 or more); of a longer one the end is cut off at a whole character, and says how much.
 * Idempotent: what is printable and short enough comes back as it is, so that a text which is made printable where it
 * is put into a message, and again where the message goes out, is escaped once. It cannot be read back: see
 * {@link quoteText} and {@link printableJson} for what can.
 */
export function printable(text: string, maxLength: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= maxLength) {
    const whole = text.replace(UNPRINTABLE, escapeUnits)
    if (whole.length <= maxLength) return whole
  }
  // The mark is never longer than for the whole text: there are no more characters than units.
  const room = maxLength - describeRest(text.length).length
  let shown = ''
  let at = 0
  for (const character of text.slice(0, maxLength)) {
    const next = character.replace(UNPRINTABLE, escapeUnits)
    if (shown.length + next.length > room) break
    shown += next
    at += character.length
  }
  return `${shown}${describeRest(countCharacters(text, at))}`
}

/** Somebody else's string in a sentence: a JSON string of its first characters, then how many more there are. */
export function quoteText(text: string, maxCharacters: number = QUOTED_MAX_CHARACTERS): string {
  // Two UTF-16 units a character at most, so a megabyte is not spread into an array to learn that it is long.
  const shown = [...text.slice(0, 2 * maxCharacters)].slice(0, maxCharacters).join('')
  const quoted = JSON.stringify(shown).replace(UNPRINTABLE, escapeUnits)
  return shown.length === text.length ? quoted : `${quoted}${describeRest(countCharacters(text, shown.length))}`
}

/** Like {@link printable}, for a text of several lines: line feeds and tabs stay. */
export function printableLines(text: string): string {
  if (isAscii(text)) return text
  return text.replace(UNPRINTABLE_IN_LINES, escapeUnits)
}

/** JSON that can be shown. It is the same value to whoever parses it: the escapes are those of JSON. */
export function printableJson(value: unknown, indent?: number): string {
  return printableLines(JSON.stringify(value, undefined, indent))
}

/** For a line whose columns count, such as one with a caret below: U+FFFD for each UTF-16 unit that is not to be shown. */
export function maskUnprintable(line: string): string {
  return line.replace(UNPRINTABLE, (character) => '\ufffd'.repeat(character.length))
}

/** Nearly all text is; to look for nothing but ASCII takes a tenth of the time of looking for properties of Unicode. */
function isAscii(text: string): boolean {
  return !/[^\t\n -~]/.test(text)
}

function describeRest(characters: number): string {
  return `… (${characters} more characters)`
}

/** From `start` on; a surrogate without its other half counts as one. */
function countCharacters(text: string, start: number): number {
  let count = 0
  for (let at = start; at < text.length; at++) {
    const isPair = (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    if (isPair) at++
    count++
  }
  return count
}
