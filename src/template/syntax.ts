// The template language: a string with references `{{ name | filter | filter("x") }}`. A template is read once, when its
// document is; what a value holds is never read as template text, so a value with `{{...}}` in it stays text.

import { type ResolvedAttribute, resolveAttribute, suggestAttribute } from '../attribute/catalogue.ts'
import type { Surface } from '../attribute/row.ts'
import type { Issue, IssueCode, Path } from '../core/issue.ts'
import { REFERENCE_FILTERS_MAX, TEMPLATE_MAX_LENGTH, TEMPLATE_MAX_PARTS } from '../core/limits.ts'
import { suggestNearest } from '../core/nearest.ts'
import { quoteText } from '../core/printable.ts'
import { checkCall, FILTER_NAMES, type Filter, isFilterName } from './filter.ts'

export interface Text {
  readonly text: string
  readonly offset: number
}

export interface Reference {
  readonly attribute: ResolvedAttribute
  readonly filters: readonly Filter[]
  /** The offset of its `{{`. */
  readonly offset: number
}

export type Part = Text | Reference

export function isReference(part: Part): part is Reference {
  return 'attribute' in part
}

/** In messages. */
export const SURFACE_NAMES: Readonly<Record<Surface, string>> = {
  pathTemplate: 'a path template',
  jwtClaim: 'a JWT claim',
  x509Subject: 'an X.509 subject',
  dnsName: 'a DNS name',
}

/** Never leaves this file: it ends the reading of one reference. */
interface Stop {
  readonly code: IssueCode
  readonly message: string
  readonly offset: number
}

type Read<T> = { readonly value: T; readonly next: number } | { readonly stop: Stop }

/** The parts of a template, and everything that is wrong with its references. Reading goes on after a faulty one. */
export function parseTemplate(
  text: string,
  surface: Surface,
  path: Path,
): { readonly parts: readonly Part[]; readonly issues: readonly Issue[] } {
  const parts: Part[] = []
  const issues: Issue[] = []
  const report = (stop: Stop): void => void issues.push({ path, ...stop })

  if (text.length > TEMPLATE_MAX_LENGTH) {
    const message = `The template has ${text.length} characters; at most ${TEMPLATE_MAX_LENGTH} are allowed`
    return { parts, issues: [{ code: 'template_syntax', path, message }] }
  }
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    const end = open < 0 ? text.length : open
    const stray = text.slice(at, end).indexOf('}}')
    if (stray >= 0) report(stopSyntax('This "}}" has no matching "{{"', at + stray))
    if (end > at) parts.push({ text: text.slice(at, end), offset: at })
    if (open < 0) break
    const read = readReference(text, open)
    if ('stop' in read) {
      report(read.stop)
      const close = text.indexOf('}}', open)
      if (close < 0) break
      at = close + 2
      continue
    }
    const { attribute } = read.value
    if (!attribute.row.surfaces.includes(surface)) {
      const message = `${attribute.name} cannot be used in ${SURFACE_NAMES[surface]}`
      report({ code: 'attribute_surface_forbidden', message, offset: open })
    }
    parts.push(read.value)
    at = read.next
  }
  if (parts.length > TEMPLATE_MAX_PARTS) {
    report(stopSyntax(`The template has ${parts.length} parts; at most ${TEMPLATE_MAX_PARTS} are allowed`, 0))
  }
  for (const stop of findMisplacedSegments(parts, surface)) report(stop)
  return { parts, issues }
}

function stopSyntax(message: string, offset: number): Stop {
  return { code: 'template_syntax', message, offset }
}

function* findMisplacedSegments(parts: readonly Part[], surface: Surface): Iterable<Stop> {
  for (const part of parts) {
    if (!isReference(part)) continue
    const at = part.filters.findIndex((filter) => filter.name === 'segments')
    if (at < 0) continue
    const isLast = at === part.filters.length - 1 && part === parts.at(-1)
    if (surface === 'pathTemplate' && isLast) continue
    const message = 'segments must be the last filter of the last reference in a path template, with nothing after it'
    yield { code: 'filter_misplaced', message, offset: part.offset }
  }
}

function readReference(text: string, open: number): Read<Reference> {
  let at = skipSpace(text, open + 2)
  const name = readName(text, at)
  if ('stop' in name) return name
  if (at >= text.length) return { stop: stopSyntax('This "{{" has no matching "}}"', open) }
  if (name.value === '') return { stop: stopSyntax('The name of an attribute is missing after "{{"', at) }
  const attribute = resolveAttribute(name.value)
  const nameAt = at
  at = skipSpace(text, name.next)
  const filters: Filter[] = []
  while (text[at] === '|') {
    const filter = readFilter(text, skipSpace(text, at + 1))
    if ('stop' in filter) return filter
    filters.push(filter.value)
    if (filters.length > REFERENCE_FILTERS_MAX) {
      return { stop: stopSyntax(`A reference has at most ${REFERENCE_FILTERS_MAX} filters`, at) }
    }
    at = skipSpace(text, filter.next)
  }
  if (!text.startsWith('}}', at)) {
    const isOpen = text.indexOf('}}', at) < 0
    return {
      stop: stopSyntax(isOpen ? 'This "{{" has no matching "}}"' : 'Expected "|" or "}}" here', isOpen ? open : at),
    }
  }
  if (attribute === undefined) {
    const suggestion = suggestAttribute(name.value)
    const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
    const message = `Unknown attribute ${quoteText(name.value)}${hint}`
    return { stop: { code: 'attribute_unknown', message, offset: nameAt } }
  }
  return { value: { attribute, filters, offset: open }, next: at + 2 }
}

/** Reads a name up to a space, `|` or a brace. Brackets, and quotes after a dot, belong to the name. */
function readName(text: string, start: number): Read<string> {
  let at = start
  while (at < text.length && !' \t\r\n|{}"()'.includes(text[at] ?? '')) {
    const isQuote = text[at] === "'" && text[at - 1] === '.'
    const close = text[at] === '[' ? ']' : isQuote ? "'" : undefined
    if (close !== undefined) {
      const end = text.indexOf(close, at + 1)
      if (end < 0) return { stop: stopSyntax(`The ${text[at]} in this name is not closed`, at) }
      at = end
    }
    at++
  }
  return { value: text.slice(start, at), next: at }
}

function readFilter(text: string, start: number): Read<Filter> {
  let at = start
  while (/[A-Za-z0-9_]/.test(text[at] ?? '')) at++
  const name = text.slice(start, at)
  if (name === '') return { stop: stopSyntax('The name of a filter is missing after "|"', start) }
  if (!isFilterName(name)) {
    const message = `Unknown filter "${name}"${suggestNearest(name, FILTER_NAMES)}`
    return { stop: { code: 'filter_unknown', message, offset: start } }
  }
  const args: string[] = []
  if (text[at] === '(') {
    at = skipSpace(text, at + 1)
    while (text[at] !== ')') {
      const arg = readText(text, at)
      if ('stop' in arg) return arg
      args.push(arg.value)
      at = skipSpace(text, arg.next)
      if (text[at] === ')') break
      if (text[at] !== ',') return { stop: stopSyntax('Expected "," or ")" here', at) }
      at = skipSpace(text, at + 1)
    }
    at++
  }
  const wrong = checkCall(name, args)
  return wrong === undefined ? { value: { name, args }, next: at } : { stop: stopSyntax(wrong, start) }
}

/** Reads a string in double quotes; `\"` and `\\` are its only escapes. */
function readText(text: string, start: number): Read<string> {
  if (text[start] !== '"') return { stop: stopSyntax('Filter arguments must be in double quotes', start) }
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '"') return { value, next: at + 1 }
    if (character === '\\') {
      at++
      const escaped = text[at] ?? ''
      if (escaped !== '"' && escaped !== '\\')
        return { stop: stopSyntax('Expected one of the escape sequences \\" and \\\\', at - 1) }
      value += escaped
    } else {
      value += character
    }
  }
  return { stop: stopSyntax('This string has no closing quote', start) }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (' \t\r\n'.includes(text[at] ?? 'x')) at++
  return at
}
