// The notations of a key. `label[k]`, `label.k`, `label.[k]` and `label.'k'` name the same attribute; the documentation
// of each origin uses another one. A name is made canonical before it is compared, so that no spelling evades a check.
import { ATTRIBUTE_NAME_MAX_LENGTH } from '../core/limits.ts'
import { hasControl } from '../core/printable.ts'

/** The notation of the names of one row: `<prefix>[<key>]`, `<prefix>.<key>`, or `<prefix>.<key><suffix>`. */
export interface NamePattern {
  readonly prefix: string
  readonly notation: 'bracket' | 'dot'
  /** The part after the key. If it is not empty, a bare key must not contain a dot. */
  readonly suffix: string
}

/** Parses a documented name with a part in angle brackets; `undefined` if it has no such part. */
export function parseNamePattern(documented: string): NamePattern | undefined {
  const open = documented.indexOf('<')
  if (open < 0) return undefined
  const close = documented.indexOf('>')
  const notation = documented[open - 1] === '[' ? 'bracket' : 'dot'
  const suffix = documented.slice(close + 1)
  return { prefix: documented.slice(0, open - 1), notation, suffix: notation === 'bracket' ? suffix.slice(1) : suffix }
}

/**
 * Reads the key of a name; `undefined` if the name does not follow the pattern. A key in brackets or quotes is taken
 * literally. A bare key is everything after the dot, including further dots and slashes.
 */
export function readKey(name: string, pattern: NamePattern): string | undefined {
  if (!name.startsWith(pattern.prefix) || !name.endsWith(pattern.suffix)) return undefined
  if (name.length > ATTRIBUTE_NAME_MAX_LENGTH) return undefined
  const written = name.slice(pattern.prefix.length, name.length - pattern.suffix.length)
  const key = readBetween(written, '[', ']') ?? readBetween(written, '.[', ']') ?? readBetween(written, ".'", "'")
  if (key !== undefined) return isKey(key) ? key : undefined
  if (!written.startsWith('.') || written[1] === '[' || written[1] === "'") return undefined
  const bare = written.slice(1)
  return isKey(bare) && (pattern.suffix === '' || !bare.includes('.')) ? bare : undefined
}

/** Writes the canonical name of a key. `readKey` reads the same key back. */
export function writeName(pattern: NamePattern, key: string): string {
  if (pattern.notation === 'bracket') return `${pattern.prefix}[${key}]${pattern.suffix}`
  const isBare = key[0] !== '[' && key[0] !== "'" && (pattern.suffix === '' || !key.includes('.'))
  return `${pattern.prefix}.${isBare ? key : `'${key}'`}${pattern.suffix}`
}

function readBetween(text: string, open: string, close: string): string | undefined {
  const isEnclosed = text.length >= open.length + close.length && text.startsWith(open) && text.endsWith(close)
  return isEnclosed ? text.slice(open.length, text.length - close.length) : undefined
}

/** Keys are printed in messages and audit records: no control characters, no unpaired surrogates. */
function isKey(key: string): boolean {
  return key.length > 0 && !hasControl(key) && key.isWellFormed()
}
