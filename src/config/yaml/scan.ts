// A linear pass over a document before the YAML parser sees it. The parser spends about a microsecond per node and has
// no bound on their number, so a document of two megabytes could cost seconds. What passes here parses in bounded time.
import type { Fix, IssueCode, Path } from '../../core/issue.ts'
import { DOCUMENT_MAX_BYTES, DOCUMENT_MAX_ITEMS, DOCUMENT_MAX_KEYS, DOCUMENT_MAX_LINES } from '../../core/limits.ts'
import { nameCharacter } from '../../core/suspect-character.ts'
import type { LocatedIssue } from './located-issue.ts'
import type { Positions } from './position.ts'

/** What is wrong, and where: the offset is in UTF-16 units. */
export interface Fault {
  readonly code: IssueCode
  readonly offset: number
  readonly message: string
  readonly fix?: Fix
}

export function locateFault({ offset, ...fault }: Fault, positions: Positions, path: Path = []): LocatedIssue {
  return { ...fault, path, ...positions.at(offset) }
}

const TAB = 0x09
const LINE_FEED = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const DASH = 0x2d
const COLON = 0x3a
const QUESTION = 0x3f
const BRACKET = 0x5b
const BRACE = 0x7b

/** The ASCII characters that the scan has nothing to say about: nearly all of them, so they are passed over at once. */
const ORDINARY = new Uint8Array(128)
for (let code = SPACE; code < 0x7f; code++) ORDINARY[code] = 1
for (const code of [COMMA, DASH, COLON, QUESTION, BRACKET, BRACE]) ORDINARY[code] = 0

/**
 * The first fault of `text`, if any. It does not distinguish strings from structure, so nothing can hide from it: a `: ` in
 * a comment counts as a key. Documents that people write are far below these bounds.
 */
export function scanText(text: string, maxBytes = DOCUMENT_MAX_BYTES): Fault | undefined {
  if (text.length > maxBytes) return describeTooLarge(text.length, maxBytes)
  if (!text.isWellFormed()) {
    return {
      code: 'encoding_invalid',
      offset: 0,
      message: 'Cannot read the document: it contains an unpaired surrogate',
    }
  }
  let keys = 0
  let items = 0
  let lines = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x80 && ORDINARY[code] === 1) continue
    if (isForbidden(code)) return describeForbidden(code, at)
    switch (code) {
      case LINE_FEED:
        lines++
        break
      case RETURN:
        if (text.charCodeAt(at + 1) !== LINE_FEED) lines++
        break
      case COLON:
        // JSON needs no space after the colon: `{"a":1}`.
        if (endsToken(text.charCodeAt(at + 1)) || text.charCodeAt(at - 1) === QUOTE) keys++
        break
      case QUESTION:
        if (endsToken(text.charCodeAt(at + 1))) keys++
        break
      case DASH:
        if (endsToken(text.charCodeAt(at + 1))) items++
        break
      case BRACE:
        // `{{` opens a reference far more often than two maps, and two maps cost little more than one.
        if (text.charCodeAt(at + 1) !== BRACE) items++
        break
      case COMMA:
      case BRACKET:
        items++
        break
    }
    if (lines > DOCUMENT_MAX_LINES) return describeTooManyLines(at)
    if (keys > DOCUMENT_MAX_KEYS) return describeTooMany('keys', DOCUMENT_MAX_KEYS, at)
    if (items > DOCUMENT_MAX_ITEMS) return describeTooMany('list elements', DOCUMENT_MAX_ITEMS, at)
  }
  return undefined
}

export function describeTooLarge(bytes: number, maxBytes = DOCUMENT_MAX_BYTES): Fault {
  return {
    code: 'document_too_large',
    offset: 0,
    message: `The document has ${bytes} bytes; at most ${maxBytes} are allowed: split it by cluster`,
  }
}

function describeTooManyLines(offset: number): Fault {
  const message = `The document has more than ${DOCUMENT_MAX_LINES} lines: split it by cluster`
  return { code: 'document_too_large', offset, message }
}

export function describeTooMany(what: string, max: number, offset: number): Fault {
  return {
    code: 'document_too_many_keys',
    offset,
    message: `The document has more than ${max} ${what}: let policies share lists such as allowedServiceAccounts, or split it by cluster`,
  }
}

/** Whitespace, a line break, or (NaN) the end of the text. */
function endsToken(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === RETURN || code === TAB || Number.isNaN(code)
}

/**
 * Control characters, a byte order mark anywhere, and the separators that an editor may show as a line break while
 * YAML sees none: behind one of these, what looks like a field is part of a comment.
 */
function isForbidden(code: number): boolean {
  if (code < 0x7f) return code < SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB
  return code < 0xa0 || code === 0x2028 || code === 0x2029 || code === 0xfeff || code >= 0xfffe
}

function describeForbidden(code: number, offset: number): Fault {
  // ASCII in UTF-16 without a byte order mark is valid UTF-8: every second character is NUL.
  const cure = code === 0 && offset < 2 ? 'the file seems to be UTF-16: save it as UTF-8' : 'remove it'
  const message = `Cannot use the character ${nameCharacter(code)} in a document: ${cure}`
  return { code: 'yaml_feature_forbidden', offset, message }
}
