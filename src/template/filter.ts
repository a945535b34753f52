// The filters, one row each. They run left to right on one value, and none makes it longer than FILTER_OUTPUT_MAX_BYTES.
import { FILTER_OUTPUT_MAX_BYTES } from '../core/limits.ts'
import { exceedsUtf8 } from '../core/utf8.ts'

interface FilterRow {
  /** What it is given in parentheses, in order. */
  readonly parameters: readonly string[]
  /** What is wrong with the arguments, for the author. */
  readonly check?: (args: readonly string[]) => string | undefined
  /** `undefined` if the output would be too long. `replace` learns that before it builds the output. */
  readonly apply: (value: string, args: readonly string[]) => string | undefined
  /** The length of the longest output for a value of this length, in UTF-16 units; absent: as long as the value. */
  readonly longest?: (length: number, args: readonly string[]) => number
}

export const FILTERS = {
  /** ASCII only: no locale, and no letter that becomes two. */
  lower: {
    parameters: [],
    apply: (value: string): string => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  },
  /** All occurrences, from the left, of a literal text. */
  replace: {
    parameters: ['search', 'replacement'],
    check: ([text]: readonly string[]): string | undefined =>
      text === '' ? 'replace expects a non-empty string to look for' : undefined,
    apply: (value: string, [text = '', replacement = '']: readonly string[]): string | undefined => {
      const pieces = value.split(text)
      const length = value.length + (pieces.length - 1) * (replacement.length - text.length)
      return length > FILTER_OUTPUT_MAX_BYTES ? undefined : pieces.join(replacement)
    },
    longest: (length: number, [text = '', replacement = '']: readonly string[]): number => {
      const growth = Math.max(0, replacement.length - text.length)
      return length + Math.floor(length / Math.max(1, text.length)) * growth
    },
  },
  /** For an absent attribute; a value, also an empty one, passes as it is. */
  default: { parameters: ['value'], apply: (value: string): string => value },
  /** Lets `/` through at the end of a path; the path checks each segment. */
  segments: { parameters: [], apply: (value: string): string => value },
} as const satisfies Record<string, FilterRow>

export type FilterName = keyof typeof FILTERS

export interface Filter {
  readonly name: FilterName
  readonly args: readonly string[]
}

export const FILTER_NAMES: readonly string[] = Object.keys(FILTERS)

export function isFilterName(name: string): name is FilterName {
  return Object.hasOwn(FILTERS, name)
}

/** What is wrong with a call, for the author. */
export function checkCall(name: FilterName, args: readonly string[]): string | undefined {
  const row: FilterRow = FILTERS[name]
  if (args.length !== row.parameters.length) {
    const wanted = row.parameters.map((parameter) => `"${parameter}"`).join(', ')
    return `${name} is written ${wanted === '' ? name : `${name}(${wanted})`}`
  }
  return row.check?.(args)
}

export type Filtered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: 'absent' }
  | { readonly ok: false; readonly reason: 'too_long'; readonly filter: FilterName }

/** How many UTF-16 units the filters read at most, one after another, for a value of this length or an absent one. */
export function countFilteredUnits(filters: readonly Filter[], length: number | undefined): number {
  let units = 0
  let left = length
  for (const { name, args } of filters) {
    if (left === undefined) {
      if (name === 'default') left = args[0]?.length ?? 0
      continue
    }
    units += left
    const row: FilterRow = FILTERS[name]
    // What is longer ends the rendering, so no filter after it reads more.
    left = Math.min(row.longest?.(left, args) ?? left, FILTER_OUTPUT_MAX_BYTES)
  }
  return units
}

/** Runs the filters on a value, or on the absence of one, which only `default` ends. */
export function applyFilters(filters: readonly Filter[], value: string | undefined): Filtered {
  let text = value
  for (const { name, args } of filters) {
    if (text === undefined) {
      if (name === 'default') text = args[0]
      continue
    }
    text = FILTERS[name].apply(text, args)
    if (text === undefined || exceedsUtf8(text, FILTER_OUTPUT_MAX_BYTES)) {
      return { ok: false, reason: 'too_long', filter: name }
    }
  }
  return text === undefined ? { ok: false, reason: 'absent' } : { ok: true, text }
}
