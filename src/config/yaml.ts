// The only importer of the YAML parser. It reads a strict subset, of which JSON is a part: one document, no anchors,
// aliases, tags, merge keys or directives, text keys, each once. The tree is built from parser events, since those know
// where everything stands; a text that one reader takes for something else than another is refused, not guessed.
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import type { IssueCode, Path } from '../core/issue.ts'
import { DOCUMENT_MAX_DEPTH, DOCUMENT_MAX_ITEMS, DOCUMENT_MAX_KEYS } from '../core/limits.ts'
import type { LocatedIssue } from './located-issue.ts'
import { createPositions, type Positions } from './position.ts'
import { type Fault, scanText, tooMany } from './scan.ts'
import {
  resolveScalar,
  type ScalarStyle,
  type YamlBroken,
  type YamlEntry,
  type YamlNode,
  type YamlScalar,
} from './yaml-node.ts'
import { skipSeparators, syntaxFault } from './yaml-syntax.ts'

export type YamlResult =
  | { readonly ok: true; readonly root: YamlNode }
  /** The tree is there when only parts of the document are at fault, so that the rest can be checked as well. */
  | { readonly ok: false; readonly issues: readonly LocatedIssue[]; readonly root?: YamlNode }

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>
type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>

type CollectionEvent = Extract<Event, { type: typeof EVENT_ID.MAPPING | typeof EVENT_ID.SEQUENCE }>

/** A collection being read. A `broken` one is read to its end and dropped. */
type Frame =
  | { readonly kind: 'map'; readonly start: number; readonly entries: Map<string, YamlEntry>; key?: Key | undefined }
  | { readonly kind: 'list'; readonly start: number; readonly items: YamlNode[] }
  | { readonly kind: 'broken'; readonly start: number }

interface Key {
  readonly name: string
  readonly start: number
  readonly end: number
  /** A repeated or forbidden key: its value is read and dropped. */
  readonly dropped: boolean
}

const STYLES: Readonly<Record<number, ScalarStyle>> = {
  [SCALAR_STYLE.PLAIN]: 'plain',
  [SCALAR_STYLE.SINGLE_QUOTED]: 'single',
  [SCALAR_STYLE.DOUBLE_QUOTED]: 'double',
  [SCALAR_STYLE.LITERAL_BLOCK]: 'literal',
  [SCALAR_STYLE.FOLDED_BLOCK]: 'folded',
}

/** Reads one document. Never throws; the time is bounded whatever `text` is. */
export function readYaml(text: string, positions: Positions = createPositions(text)): YamlResult {
  const fault = scanText(text) ?? directiveFault(text)
  if (fault !== undefined) return { ok: false, issues: [faultAt(fault, positions)] }
  try {
    // The parser counts a scalar as one level more than the collection that it stands in.
    const events = parseEvents(text, { maxDepth: DOCUMENT_MAX_DEPTH + 1 })
    return buildTree(text, events, positions)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    return { ok: false, issues: [faultAt(syntaxFault(text, error.reason, error.mark?.position ?? 0), positions)] }
  }
}

function faultAt({ offset, ...issue }: Fault, positions: Positions, path: Path = []): LocatedIssue {
  return { ...issue, path, ...positions.at(offset) }
}

/** The parser drops directives that it does not know, so they are looked for in the text itself. */
function directiveFault(text: string): Fault | undefined {
  const at = skipSeparators(text, 0)
  if (text[at] !== '%') return undefined
  return { code: 'yaml_feature_forbidden', offset: at, message: 'Cannot use a YAML directive: remove the line' }
}

function buildTree(text: string, events: readonly Event[], positions: Positions): YamlResult {
  const issues: LocatedIssue[] = []
  const frames: Frame[] = []
  let root: YamlNode | undefined
  let documents = 0
  let keys = 0
  let items = 0
  /** The end of what was read last. */
  let cursor = 0

  function report(code: IssueCode, offset: number, message: string, name?: string): void {
    const path = frames.flatMap(stepOf)
    issues.push(faultAt({ code, offset, message }, positions, name === undefined ? path : [...path, name]))
  }

  function put(node: YamlNode): void {
    cursor = Math.max(cursor, node.end)
    const frame = frames[frames.length - 1]
    if (frame === undefined) {
      if (documents === 1) root = node
      return
    }
    if (frame.kind === 'list') {
      frame.items.push(node)
      items++
    } else if (frame.kind === 'map') {
      const { key } = frame
      frame.key = undefined
      if (key === undefined || key.dropped) return
      frame.entries.set(key.name, { name: key.name, keyStart: key.start, keyEnd: key.end, value: node })
    }
  }

  function readKey(frame: Frame & { kind: 'map' }, event: NodeEvent): void {
    keys++
    if (event.type !== EVENT_ID.SCALAR) {
      const start = event.type === EVENT_ID.ALIAS ? event.anchorStart - 1 : event.start
      frame.key = { name: '', start, end: start, dropped: true }
      if (text[start] === '{' && text[frame.start] === '{' && start === frame.start + 1) {
        const example = 'write "{{name}}", not {{name}}'
        report(
          'text_unquoted',
          frame.start,
          `Cannot read a template without quotes, YAML takes { for a map: ${example}`,
        )
      } else {
        report('yaml_feature_forbidden', start, 'Cannot use anything but text as a name')
      }
      if (event.type !== EVENT_ID.ALIAS) frames.push({ kind: 'broken', start })
      return
    }
    const scalar = readScalar(event)
    const name = scalar.source
    cursor = Math.max(cursor, scalar.end)
    const isText = checkProperties(event, scalar.start) && scalar.kind === 'text' && checkText(scalar)
    const isMerge = name === '<<' && scalar.style === 'plain'
    const isRepeated = isText && frame.entries.has(name)
    frame.key = { name, start: scalar.start, end: scalar.end, dropped: !isText || isMerge || isRepeated }
    if (scalar.kind !== 'text') {
      const what = name === '' ? 'nothing' : `${name}, which YAML reads as ${describe(scalar)},`
      report('yaml_feature_forbidden', scalar.start, `Cannot use ${what} as a name: put it in quotes`)
    } else if (isMerge) {
      report('yaml_feature_forbidden', scalar.start, 'Cannot merge maps with <<: write the fields out')
    } else if (isRepeated) {
      const first = positions.at(frame.entries.get(name)?.keyStart ?? 0)
      report('key_duplicate', scalar.start, `Cannot give "${name}" twice: it stands in line ${first.line} already`)
      const last = issues.pop()
      if (last !== undefined) issues.push({ ...last, atKey: true })
    }
  }

  function readScalar(event: ScalarEvent): YamlScalar {
    const style = STYLES[event.style] ?? 'plain'
    const source = getScalarValue(text, event)
    const { valueStart, valueEnd } = event
    if (valueStart === -1) {
      const start = startOfNothing()
      return resolveScalar({ start, end: start, contentStart: start, style, source })
    }
    const isQuoted = style === 'single' || style === 'double'
    const isBlock = style === 'literal' || style === 'folded'
    const start = isQuoted ? valueStart - 1 : isBlock ? skipSeparators(text, cursor) : valueStart
    return resolveScalar({ start, end: isQuoted ? valueEnd + 1 : valueEnd, contentStart: valueStart, style, source })
  }

  /** An empty value stands where its name does, an empty list element at its dash. */
  function startOfNothing(): number {
    const frame = frames[frames.length - 1]
    if (frame?.kind === 'map' && frame.key !== undefined) return frame.key.start
    let at = cursor
    while (at < text.length && text[at] !== '-') at = text[at] === '#' ? lineEnd(text, at) : at + 1
    cursor = Math.min(at + 1, text.length)
    return Math.min(at, text.length)
  }

  /** Reports an anchor or a tag; false if there is one. */
  function checkProperties(event: NodeEvent, start: number): boolean {
    if (event.type === EVENT_ID.ALIAS) {
      report('yaml_feature_forbidden', event.anchorStart - 1, 'Cannot use an alias (*): write the value out')
      return false
    }
    if (event.anchorStart !== -1) {
      report(
        'yaml_feature_forbidden',
        event.anchorStart - 1,
        'Cannot use an anchor (&): write the value out where it is used',
      )
    }
    if (event.tagStart !== -1) {
      report(
        'yaml_feature_forbidden',
        Math.min(event.tagStart, start),
        'Cannot use a tag (!): put text in quotes instead',
      )
    }
    return event.anchorStart === -1 && event.tagStart === -1
  }

  /** An escape can make what the scan has found no trace of. */
  function checkText(scalar: YamlScalar): boolean {
    if (scalar.source.isWellFormed() && !scalar.source.includes('\0')) return true
    report('yaml_feature_forbidden', scalar.start, 'Cannot use an escape for NUL or for half a surrogate pair')
    return false
  }

  function broken(start: number): YamlBroken {
    return { kind: 'broken', start, end: start }
  }

  function readNode(event: NodeEvent): void {
    const frame = frames[frames.length - 1]
    if (frame?.kind === 'map' && frame.key === undefined) readKey(frame, event)
    else if (event.type === EVENT_ID.ALIAS) {
      checkProperties(event, 0)
      put(broken(event.anchorStart - 1))
    } else if (event.type === EVENT_ID.SCALAR) {
      const scalar = readScalar(event)
      const isGood = [checkProperties(event, scalar.start), checkText(scalar)].every(Boolean)
      put(isGood ? scalar : broken(scalar.start))
    } else {
      openCollection(event)
    }
  }

  function openCollection(event: CollectionEvent): void {
    const { start } = event
    cursor = Math.max(cursor, start)
    const isGood = checkProperties(event, start)
    if (frames.length >= DOCUMENT_MAX_DEPTH) {
      report('document_too_deep', start, `Cannot nest deeper than ${DOCUMENT_MAX_DEPTH} levels`)
    }
    if (!isGood) frames.push({ kind: 'broken', start })
    else if (event.type === EVENT_ID.MAPPING) frames.push({ kind: 'map', start, entries: new Map() })
    else frames.push({ kind: 'list', start, items: [] })
  }

  function readPop(): void {
    const frame = frames.pop()
    if (frame === undefined) return
    const outer = frames[frames.length - 1]
    // The end of a collection used as a name: its entry is dropped, and its value comes next.
    const isKey = frame.kind === 'broken' && outer?.kind === 'map' && outer.key?.start === frame.start
    if (isKey) return
    const { start } = frame
    if (frame.kind === 'map') put({ kind: 'map', start, end: cursor, entries: frame.entries })
    else if (frame.kind === 'list') put({ kind: 'list', start, end: cursor, items: frame.items })
    else put({ kind: 'broken', start, end: cursor })
  }

  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      documents++
      if (documents === 2) {
        const at = skipSeparators(text, cursor)
        report('yaml_feature_forbidden', at, 'Cannot hold several documents: one section is one document')
      }
    } else if (event.type === EVENT_ID.POP) {
      readPop()
    } else {
      readNode(event)
    }
    if (keys > DOCUMENT_MAX_KEYS) return tooManyAt('names', DOCUMENT_MAX_KEYS)
    if (items > DOCUMENT_MAX_ITEMS) return tooManyAt('list elements', DOCUMENT_MAX_ITEMS)
  }

  function tooManyAt(what: string, max: number): YamlResult {
    return { ok: false, issues: [faultAt(tooMany(what, max, cursor), positions)] }
  }

  if (root === undefined || (root.kind === 'null' && root.source === '')) {
    if (issues.length > 0) return { ok: false, issues }
    const message = 'Cannot read an empty document: a section needs section, schema and spec'
    return { ok: false, issues: [faultAt({ code: 'document_empty', offset: 0, message }, positions)] }
  }
  return issues.length === 0 ? { ok: true, root } : { ok: false, issues, root }
}

function stepOf(frame: Frame): Path {
  if (frame.kind === 'list') return [frame.items.length]
  return frame.kind === 'map' && frame.key !== undefined && frame.key.name !== '' ? [frame.key.name] : []
}

function describe(scalar: YamlScalar): string {
  if (scalar.kind === 'null') return 'null'
  return scalar.kind === 'bool' ? `the value ${scalar.value}` : `the number ${scalar.value}`
}

function lineEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++
  return at
}
