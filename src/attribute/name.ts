// The notations of a key. `label[k]`, `label.k`, `label.[k]` and `label.'k'` name one attribute; each origin's documents
// use another one. A name is made canonical before anything compares it, so that no spelling slips past a check.
import { ATTRIBUTE_NAME_MAX_LENGTH } from '../core/limits.ts'
import { hasControl } from '../core/printable.ts'

/** How the names of one row are written: `<prefix>[<key>]`, `<prefix>.<key>`, or `<prefix>.<key><suffix>`. */
export interface NamePattern {
  readonly prefix: string
  readonly notation: 'bracket' | 'dot'
  /** What follows the key; empty unless the key stands in the middle. Then a bare key holds no dot. */
  readonly suffix: string
}

/** The pattern of a documented name with a part in angle brackets; `undefined` if it has none. */
export function parseNamePattern(documented: string): NamePattern | undefined {
  const open = documented.indexOf('<')
  if (open < 0) return undefined
  const close = documented.indexOf('>')
  const notation = documented[open - 1] === '[' ? 'bracket' : 'dot'
  const suffix = documented.slice(close + 1)
  return { prefix: documented.slice(0, open - 1), notation, suffix: notation === 'bracket' ? suffix.slice(1) : suffix }
}

/**
 * The key in a name, or `undefined` if the name does not follow the pattern. What stands between brackets or quotes is
 * taken as it is; a bare key after the dot is all that follows, further dots and slashes included.
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

/** The one canonical name of a key. `readKey` reads it back as the same key. */
export function writeName(pattern: NamePattern, key: string): string {
  if (pattern.notation === 'bracket') return `${pattern.prefix}[${key}]${pattern.suffix}`
  const isBare = key[0] !== '[' && key[0] !== "'" && (pattern.suffix === '' || !key.includes('.'))
  return `${pattern.prefix}.${isBare ? key : `'${key}'`}${pattern.suffix}`
}

function readBetween(text: string, open: string, close: string): string | undefined {
  const isEnclosed = text.length >= open.length + close.length && text.startsWith(open) && text.endsWith(close)
  return isEnclosed ? text.slice(open.length, text.length - close.length) : undefined
}

/** Keys are printed in messages and audit records: no control characters, no lone surrogates. */
function isKey(key: string): boolean {
  return key.length > 0 && !hasControl(key) && key.isWellFormed()
}
