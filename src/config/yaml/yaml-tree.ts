// Builds the tree of a document, and reports what is outside our subset: a part that is at fault becomes `broken`, and
// reading goes on, so that an author sees everything at once.
import type { Fix, IssueCode, Path } from '../../core/issue.ts'
import { DOCUMENT_MAX_DEPTH, DOCUMENT_MAX_ITEMS, DOCUMENT_MAX_KEYS, QUOTED_MAX_CHARACTERS } from '../../core/limits.ts'
import { printable, quoteText } from '../../core/printable.ts'
import { findLossyBreak } from './escaped-break.ts'
import type { LocatedIssue } from './located-issue.ts'
import type { Positions } from './position.ts'
import { hintQuotes } from './quote-value.ts'
import { describeTooMany, locateFault } from './scan.ts'
import { resolveScalar, type YamlEntry, type YamlNode, type YamlScalar } from './yaml-node.ts'
import { findSecondDocument, skipSeparators, skipToDash } from './yaml-syntax.ts'
import type { CollectionToken, NodeToken, ScalarToken, YamlToken } from './yaml-token.ts'

interface MapFrame {
  readonly kind: 'map'
  readonly start: number
  readonly entries: Map<string, YamlEntry>
  /** The name whose value comes next. */
  key: Key | undefined
}

/** A collection being read. A `broken` one is read to its end and dropped. */
type Frame =
  | MapFrame
  | { readonly kind: 'list'; readonly start: number; readonly items: YamlNode[] }
  | { readonly kind: 'broken'; readonly start: number }

interface Key {
  readonly name: string
  readonly start: number
  readonly end: number
  /** Repeated or forbidden: its value is read and dropped. */
  readonly dropped: boolean
}

interface Tree {
  readonly text: string
  readonly positions: Positions
  readonly issues: LocatedIssue[]
  readonly frames: Frame[]
  root: YamlNode | undefined
  documents: number
  keys: number
  items: number
  /** The end of what was read last. */
  cursor: number
}

export interface BuiltTree {
  /** `undefined` if there is nothing to check any further. */
  readonly root: YamlNode | undefined
  readonly issues: readonly LocatedIssue[]
}

export function buildTree(text: string, tokens: Iterable<YamlToken>, positions: Positions): BuiltTree {
  const tree: Tree = {
    text,
    positions,
    issues: [],
    frames: [],
    root: undefined,
    documents: 0,
    keys: 0,
    items: 0,
    cursor: 0,
  }
  for (const token of tokens) {
    take(tree, token)
    if (tree.keys > DOCUMENT_MAX_KEYS) return stopAt(tree, 'keys', DOCUMENT_MAX_KEYS)
    if (tree.items > DOCUMENT_MAX_ITEMS) return stopAt(tree, 'list elements', DOCUMENT_MAX_ITEMS)
  }
  const { root, issues } = tree
  if (!isNothing(root)) return { root, issues }
  const message = 'The document is empty: a section requires section, schema and spec'
  const empty = locateFault({ code: 'document_empty', offset: 0, message }, positions)
  return { root: undefined, issues: issues.length > 0 ? issues : [empty] }
}

function stopAt(tree: Tree, what: string, max: number): BuiltTree {
  return { root: undefined, issues: [locateFault(describeTooMany(what, max, tree.cursor), tree.positions)] }
}

function report(tree: Tree, code: IssueCode, offset: number, message: string, fix?: Fix): void {
  const fault = { code, offset, message, ...(fix === undefined ? {} : { fix }) }
  tree.issues.push(locateFault(fault, tree.positions, readPath(tree)))
}

/** Says to quote the value at `offset`, or `otherwise` where that is not what was meant. */
function reportIndicator(tree: Tree, what: string, offset: number, otherwise: string): void {
  const { words, fix } = hintQuotes(tree.text, offset)
  const message = fix === undefined ? `${what}: ${otherwise}` : `${what}: ${otherwise}, or ${words}`
  report(tree, 'yaml_feature_forbidden', offset, message, fix)
}

/** Returns the path of the current node: the keys and indexes of the open collections. */
function readPath(tree: Tree): Path {
  return tree.frames.flatMap((frame): Path => {
    if (frame.kind === 'list') return [frame.items.length]
    return frame.kind === 'map' && frame.key !== undefined && frame.key.name !== '' ? [frame.key.name] : []
  })
}

function take(tree: Tree, token: YamlToken): void {
  switch (token.kind) {
    case 'document':
      tree.documents++
      if (tree.documents === 2) reportSecond(tree, token.explicit)
      return
    case 'end':
      close(tree)
      return
    default: {
      const frame = tree.frames.at(-1)
      if (frame?.kind === 'map' && frame.key === undefined) takeKey(tree, frame, token)
      else takeNode(tree, token)
    }
  }
}

function reportSecond(tree: Tree, isExplicit: boolean): void {
  const isFirstEmpty = isNothing(tree.root)
  const offset = findSecondDocument(tree.text, isFirstEmpty ? 0 : (tree.root?.end ?? 0), isExplicit, isFirstEmpty)
  const cure = isFirstEmpty ? 'the first one has only comments: remove this line' : 'write one section per file'
  report(tree, 'yaml_feature_forbidden', offset, `The file has more than one document: ${cure}`)
}

function isNothing(root: YamlNode | undefined): boolean {
  return root === undefined || (root.kind === 'null' && root.source === '')
}

function takeNode(tree: Tree, token: NodeToken): void {
  const isAllowed = checkProperties(tree, token)
  switch (token.kind) {
    case 'alias':
      put(tree, { kind: 'broken', start: token.start, end: token.start })
      return
    case 'scalar': {
      const scalar = readScalar(tree, token)
      const isGood = checkText(tree, scalar) && isAllowed
      put(tree, isGood ? scalar : { kind: 'broken', start: scalar.start, end: scalar.end })
      return
    }
    default:
      open(tree, token, isAllowed)
  }
}

function open(tree: Tree, { kind, start }: CollectionToken, isAllowed: boolean): void {
  tree.cursor = Math.max(tree.cursor, start)
  if (tree.frames.length >= DOCUMENT_MAX_DEPTH) {
    report(tree, 'document_too_deep', start, `Cannot nest deeper than ${DOCUMENT_MAX_DEPTH} levels`)
  }
  if (!isAllowed) tree.frames.push({ kind: 'broken', start })
  else if (kind === 'map') tree.frames.push({ kind, start, entries: new Map(), key: undefined })
  else tree.frames.push({ kind, start, items: [] })
}

function close(tree: Tree): void {
  const frame = tree.frames.pop()
  if (frame === undefined) return
  const outer = tree.frames.at(-1)
  // The end of a collection in the place of a key: its entry is dropped, and its value comes next.
  if (frame.kind === 'broken' && outer?.kind === 'map' && outer.key?.start === frame.start) return
  const { start } = frame
  const end = tree.cursor
  if (frame.kind === 'map') put(tree, { kind: 'map', start, end, entries: frame.entries })
  else if (frame.kind === 'list') put(tree, { kind: 'list', start, end, items: frame.items })
  else put(tree, { kind: 'broken', start, end })
}

/** Puts a node where it belongs: into the list, behind the name, or at the root. */
function put(tree: Tree, node: YamlNode): void {
  tree.cursor = Math.max(tree.cursor, node.end)
  const frame = tree.frames.at(-1)
  if (frame === undefined) {
    if (tree.documents === 1) tree.root = node
  } else if (frame.kind === 'list') {
    frame.items.push(node)
    tree.items++
  } else if (frame.kind === 'map') {
    const { key } = frame
    frame.key = undefined
    if (key === undefined || key.dropped) return
    frame.entries.set(key.name, { name: key.name, keyStart: key.start, keyEnd: key.end, value: node })
  }
}

function takeKey(tree: Tree, frame: MapFrame, token: NodeToken): void {
  tree.keys++
  if (token.kind !== 'scalar') {
    const { start } = token
    frame.key = { name: '', start, end: start, dropped: true }
    if (token.kind === 'map' && tree.text.startsWith('{{', frame.start) && start === frame.start + 1) {
      const { words, fix } = hintQuotes(tree.text, frame.start)
      const message = `Cannot read a template without quotes, because YAML reads { as a map: ${words}`
      report(tree, 'text_unquoted', frame.start, message, fix)
      // What was meant as one text is not held against a schema as two maps.
      tree.frames[tree.frames.length - 1] = { kind: 'broken', start: frame.start }
    } else {
      report(tree, 'yaml_feature_forbidden', start, 'A key must be a string')
    }
    if (token.kind !== 'alias') tree.frames.push({ kind: 'broken', start })
    return
  }
  const isAllowed = checkProperties(tree, token)
  const scalar = readScalar(tree, token)
  const { source: name, start, end } = scalar
  tree.cursor = Math.max(tree.cursor, end)
  const first = frame.entries.get(name)
  const isMerge = name === '<<' && scalar.style === 'plain'
  const isText = scalar.kind === 'text' && checkText(tree, scalar) && isAllowed
  frame.key = { name, start, end, dropped: !isText || isMerge || first !== undefined }
  if (scalar.kind !== 'text') {
    const what =
      name === '' ? 'nothing' : `${printable(name, QUOTED_MAX_CHARACTERS)}, which YAML does not read as a string,`
    const fix = name === '' ? undefined : { start, end, text: JSON.stringify(name) }
    const cure = fix === undefined ? 'write a key' : `put it in quotes: ${printable(fix.text, QUOTED_MAX_CHARACTERS)}`
    report(tree, 'yaml_feature_forbidden', start, `Cannot use ${what} as a key: ${cure}`, fix)
  } else if (isMerge) {
    report(tree, 'yaml_feature_forbidden', start, 'Cannot merge maps with <<: write the fields out')
  } else if (isText && first !== undefined) {
    const { line } = tree.positions.at(first.keyStart)
    const message = `Duplicate key ${quoteText(name)}: it is already defined in line ${line}`
    tree.issues.push({
      ...locateFault({ code: 'key_duplicate', offset: start, message }, tree.positions, readPath(tree)),
      atKey: true,
    })
  }
}

/** Reports an alias, an anchor or a tag; false if there is one. */
function checkProperties(tree: Tree, token: NodeToken): boolean {
  if (token.kind === 'alias') {
    reportIndicator(tree, 'Cannot use an alias (*)', token.start, 'write the value')
    return false
  }
  const { anchorStart, tagStart } = token
  // `!a && b` is a negation: one fault, and not the anchor `&` behind a tag as well.
  if (tagStart !== undefined) {
    reportIndicator(tree, 'Cannot use a tag (!)', tagStart, 'remove it')
  } else if (anchorStart !== undefined) {
    reportIndicator(tree, 'Cannot use an anchor (&)', anchorStart, 'write the value where it is used')
  }
  return anchorStart === undefined && tagStart === undefined
}

/** An escape can make what the scan has found no trace of. */
function checkText(tree: Tree, scalar: YamlScalar): boolean {
  const lossy = scalar.style === 'double' ? findLossyBreak(tree.text, scalar) : undefined
  if (lossy !== undefined) {
    const message = 'Cannot escape a line break before an empty line: write the line breaks as \\n, without empty lines'
    report(tree, 'yaml_feature_forbidden', lossy, message)
    return false
  }
  if (scalar.source.isWellFormed() && !scalar.source.includes('\0')) return true
  const message = 'Cannot use an escape sequence for NUL or an unpaired surrogate'
  report(tree, 'yaml_feature_forbidden', scalar.start, message)
  return false
}

function readScalar(tree: Tree, token: ScalarToken): YamlScalar {
  const { style, source, content, indent } = token
  if (content === undefined) {
    const start = locateEmpty(tree)
    return resolveScalar({ start, end: start, contentStart: start, style, source, indent })
  }
  const common = { contentStart: content.start, style, source, indent }
  switch (style) {
    case 'plain':
      return resolveScalar({ start: content.start, end: content.end, ...common })
    case 'single':
    case 'double':
      return resolveScalar({ start: content.start - 1, end: content.end + 1, ...common })
    case 'literal':
    case 'folded':
      // The event does not have the offset of the header: it is the next token.
      return resolveScalar({ start: skipSeparators(tree.text, tree.cursor), end: content.end, ...common })
  }
}

/** Locates an empty value at its key, and an empty list element at its dash. */
function locateEmpty(tree: Tree): number {
  const frame = tree.frames.at(-1)
  if (frame?.kind === 'map') return frame.key?.start ?? skipSeparators(tree.text, tree.cursor)
  const start = skipToDash(tree.text, tree.cursor)
  tree.cursor = Math.min(start + 1, tree.text.length)
  return start
}
