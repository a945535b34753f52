// Makes strings from outside safe to show in a response, an audit record or a terminal. The only place that knows which
// characters control a terminal, reorder or end a line, or are invisible ("Trojan Source", CVE-2021-42574).
import { quoteJson } from './json.ts'
import { QUOTED_MAX_CHARACTERS } from './limits.ts'

/**
 * Controls (C0, DEL, C1), format characters (bidirectional controls, the byte order mark, tags), line and paragraph
 * separators, default-ignorable code points, which are shown as nothing, and unpaired surrogates, which UTF-8 cannot
 * hold.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** The same, except line feeds and tabs, which lay out several lines. */
const UNPRINTABLE_IN_LINES = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Invisible in a line, or mistaken for a space: the unprintable except tabs and line ends, and all other spaces. */
const UNSEEN = /(?![\t\n\r ])[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}]/u

/** C0, DEL and C1: in a name or a value they serve only to deceive. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

/**
 * Finds the offset of the first character that a reader cannot see or mistakes for a space; `undefined` without one.
 */
export function findUnseen(text: string): number | undefined {
  if (isAscii(text)) return undefined
  const at = text.search(UNSEEN)
  return at < 0 ? undefined : at
}

/**
 * Escapes a character as JSON and JavaScript do. A character outside the Basic Multilingual Plane becomes two escapes.
 */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}

/**
 * Returns `text` on one line, with every unprintable character escaped as `\uXXXX`. The result has at most `maxLength`
 * UTF-16 units (40 or more): a longer one is cut at a whole character, and states how many characters are missing.
 * Idempotent: a string that is printable and short enough is returned unchanged. So a string that is made printable
 * when it is put into a message, and again when the message is sent, is escaped once. The escapes cannot be decoded
 * unambiguously: use {@link quoteText} or {@link printableJson} for that.
 */
export function printable(text: string, maxLength: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= maxLength) {
    const whole = text.replace(UNPRINTABLE, escapeUnits)
    if (whole.length <= maxLength) return whole
  }
  // The mark is at its longest for the whole string: there are no more characters than units.
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

/** Quotes a string from outside for a sentence: a JSON string of its first characters, then the count of the rest. */
export function quoteText(text: string, maxCharacters: number = QUOTED_MAX_CHARACTERS): string {
  if (text.length <= maxCharacters && isAscii(text)) return quoteJson(text)
  // A character has at most two UTF-16 units: so a megabyte is not spread into an array only to measure it.
  const shown = [...text.slice(0, 2 * maxCharacters)].slice(0, maxCharacters).join('')
  const quoted = JSON.stringify(shown).replace(UNPRINTABLE, escapeUnits)
  return shown.length === text.length ? quoted : `${quoted}${describeRest(countCharacters(text, shown.length))}`
}

/** Like {@link printable}, for a string of several lines: line feeds and tabs are kept. */
export function printableLines(text: string): string {
  if (isAscii(text)) return text
  return text.replace(UNPRINTABLE_IN_LINES, escapeUnits)
}

/** Writes JSON that is safe to show. It parses to the same value, since the escapes are those of JSON. */
export function printableJson(value: unknown, indent?: number): string {
  return printableLines(JSON.stringify(value, undefined, indent))
}

/**
 * Replaces each unprintable UTF-16 unit by U+FFFD: for a line whose columns must not move, such as one above a caret.
 */
export function maskUnprintable(line: string): string {
  return line.replace(UNPRINTABLE, (character) => '\ufffd'.repeat(character.length))
}

/** Nearly all strings are ASCII; this check takes a tenth of the time of the search for Unicode properties. */
function isAscii(text: string): boolean {
  return !/[^\t\n -~]/.test(text)
}

function describeRest(characters: number): string {
  return `… (${characters} more characters)`
}

/** Counts the characters from `start` on; an unpaired surrogate counts as one. */
function countCharacters(text: string, start: number): number {
  let count = 0
  for (let at = start; at < text.length; at++) {
    const isPair = (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    if (isPair) at++
    count++
  }
  return count
}
