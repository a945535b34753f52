// The only importer of the YAML parser. It reads a strict subset, of which JSON is a part: one document, no anchors,
// aliases, tags, merge keys or directives; keys are strings and unique. The tree is built from parser events, because they
// have offsets. A document that two parsers could read differently is refused.
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml'
import { DOCUMENT_MAX_BYTES, DOCUMENT_MAX_DEPTH } from '../../core/limits.ts'
import type { LocatedIssue } from './located-issue.ts'
import { createPositions, type Positions } from './position.ts'
import { type Fault, locateFault, scanText } from './scan.ts'
import type { ScalarStyle, YamlNode } from './yaml-node.ts'
import { describeSyntaxFault, skipSeparators } from './yaml-syntax.ts'
import type { YamlToken } from './yaml-token.ts'
import { buildTree } from './yaml-tree.ts'

export type YamlResult =
  | { readonly ok: true; readonly root: YamlNode }
  /** The tree is there when only parts of the document are at fault, so that the rest can be checked as well. */
  | { readonly ok: false; readonly issues: readonly LocatedIssue[]; readonly root?: YamlNode }

const STYLES: Readonly<Record<number, ScalarStyle>> = {
  [SCALAR_STYLE.PLAIN]: 'plain',
  [SCALAR_STYLE.SINGLE_QUOTED]: 'single',
  [SCALAR_STYLE.DOUBLE_QUOTED]: 'double',
  [SCALAR_STYLE.LITERAL_BLOCK]: 'literal',
  [SCALAR_STYLE.FOLDED_BLOCK]: 'folded',
}

/** Reads one document. Never throws; the time is bounded whatever `text` is. */
export function readYaml(
  text: string,
  positions: Positions = createPositions(text),
  maxBytes = DOCUMENT_MAX_BYTES,
): YamlResult {
  const fault = scanText(text, maxBytes) ?? findDirectiveFault(text)
  if (fault !== undefined) return { ok: false, issues: [locateFault(fault, positions)] }
  try {
    // The parser counts a scalar, and its own attempts at reading one, as levels too; the builder counts exactly.
    const events = parseEvents(text, { maxDepth: DOCUMENT_MAX_DEPTH + 3 })
    const { root, issues } = buildTree(text, readTokens(text, events), positions)
    if (root !== undefined && issues.length === 0) return { ok: true, root }
    return { ok: false, issues, ...(root === undefined ? {} : { root }) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    return {
      ok: false,
      issues: [locateFault(describeSyntaxFault(text, error.reason, error.mark?.position ?? 0), positions)],
    }
  }
}

/** The parser drops directives that it does not know, so they are looked for in the text itself. */
function findDirectiveFault(text: string): Fault | undefined {
  const at = skipSeparators(text, 0)
  if (text[at] !== '%') return undefined
  return { code: 'yaml_feature_forbidden', offset: at, message: 'Cannot use a YAML directive: remove the line' }
}

function* readTokens(text: string, events: readonly Event[]): Generator<YamlToken> {
  for (const event of events) yield readToken(text, event)
}

function readToken(text: string, event: Event): YamlToken {
  switch (event.type) {
    case EVENT_ID.DOCUMENT:
      return { kind: 'document', explicit: event.explicitStart }
    case EVENT_ID.POP:
      return { kind: 'end' }
    case EVENT_ID.ALIAS:
      return { kind: 'alias', start: event.anchorStart - 1 }
    case EVENT_ID.MAPPING:
      return { kind: 'map', start: event.start, ...pickProperties(event) }
    case EVENT_ID.SEQUENCE:
      return { kind: 'list', start: event.start, ...pickProperties(event) }
    case EVENT_ID.SCALAR: {
      const { valueStart, valueEnd, style } = event
      const indent = Math.max(0, event.indent)
      const content = valueStart === NOWHERE ? {} : { content: { start: valueStart, end: valueEnd } }
      const source = getScalarValue(text, event)
      return { kind: 'scalar', style: STYLES[style] ?? 'plain', source, indent, ...content, ...pickProperties(event) }
    }
  }
}

/** What the parser gives as the offset of something that is not there. */
const NOWHERE = -1

function pickProperties({ anchorStart, tagStart }: { readonly anchorStart: number; readonly tagStart: number }): {
  anchorStart?: number
  tagStart?: number
} {
  if (anchorStart === NOWHERE && tagStart === NOWHERE) return {}
  return {
    ...(anchorStart === NOWHERE ? {} : { anchorStart: anchorStart - 1 }),
    ...(tagStart === NOWHERE ? {} : { tagStart }),
  }
}
