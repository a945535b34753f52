// A document as a tree with the place of each part. Scalars follow the core schema of YAML 1.2: `no`, `yes` and
// `on` are strings, and so is a date.

interface Span {
  /** Offsets into the document in UTF-16 units, quotes and the block header included. */
  readonly start: number
  readonly end: number
}

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded'

interface ScalarSpan extends Span {
  readonly style: ScalarStyle
  /** Where the content begins: behind the quote or the block header. */
  readonly contentStart: number
  /** Of a block: how many spaces of each line are not content. Otherwise 0. */
  readonly indent: number
  /** The text as it was decoded, whatever YAML takes it for. */
  readonly source: string
}

export type YamlScalar =
  | (ScalarSpan & { readonly kind: 'text'; readonly value: string })
  | (ScalarSpan & { readonly kind: 'int' | 'float'; readonly value: number })
  | (ScalarSpan & { readonly kind: 'bool'; readonly value: boolean })
  | (ScalarSpan & { readonly kind: 'null'; readonly value: undefined })

export interface YamlEntry {
  readonly name: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly value: YamlNode
}

export interface YamlMap extends Span {
  readonly kind: 'map'
  /** By name; the first one where a name is given twice. A Map, so that `__proto__` is a name like any other. */
  readonly entries: ReadonlyMap<string, YamlEntry>
}

export interface YamlList extends Span {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

/** Something outside our subset of YAML, reported when it was read: nothing more is to be said of it. */
export interface YamlBroken extends Span {
  readonly kind: 'broken'
}

export type YamlNode = YamlMap | YamlList | YamlScalar | YamlBroken

const NULL = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUE = new Set(['true', 'True', 'TRUE'])
const FALSE = new Set(['false', 'False', 'FALSE'])
const DECIMAL = /^[-+]?[0-9]+$/
const OCTAL = /^0o[0-7]+$/
const HEXADECIMAL = /^0x[0-9a-fA-F]+$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/
const NAN = /^\.(?:nan|NaN|NAN)$/

/** The kind of a scalar (YAML 1.2.2 section 10.3.2); only a plain one can be anything but text. */
export function resolveScalar(span: ScalarSpan): YamlScalar {
  const { source, style } = span
  if (style !== 'plain') return { ...span, kind: 'text', value: source }
  if (NULL.has(source)) return { ...span, kind: 'null', value: undefined }
  if (TRUE.has(source)) return { ...span, kind: 'bool', value: true }
  if (FALSE.has(source)) return { ...span, kind: 'bool', value: false }
  const first = source.charCodeAt(0)
  // `+ - .` and digits: the only characters a number begins with.
  if (first > 0x39 || first < 0x2b) return { ...span, kind: 'text', value: source }
  if (DECIMAL.test(source) || OCTAL.test(source) || HEXADECIMAL.test(source)) {
    return { ...span, kind: 'int', value: Number(source) }
  }
  if (FLOAT.test(source)) return { ...span, kind: 'float', value: Number(source) }
  if (NAN.test(source)) return { ...span, kind: 'float', value: Number.NaN }
  if (INFINITE.test(source)) {
    const value = first === 0x2d ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    return { ...span, kind: 'float', value }
  }
  return { ...span, kind: 'text', value: source }
}
