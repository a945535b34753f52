// Completion of documents: fields and values that the section's own schema has at the cursor, and attributes of the catalogue
// in templates and conditions.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { Outline } from '../../../src/config/compile/outline.ts'
import type { SectionName } from '../../../src/config/sections/table.ts'
import type { Vocabulary } from '../../engine/vocabulary.ts'
import { type Frame, findYamlPlace } from './yaml-place.ts'

const ENVELOPE = ['section', 'schema', 'spec']

/** A section, or a file of policy tests. */
export type DocumentKind = SectionName | 'tests'

/** Completes at the cursor. @param kind - what the document is stored as */
export function completeYaml(
  { outlines, tests, attributeNames }: Vocabulary,
  kind: DocumentKind,
  context: CompletionContext,
): CompletionResult | null {
  const attribute = completeAttribute(attributeNames, context)
  if (attribute !== null) return attribute
  const word = context.matchBefore(/[\w.-]*/)
  const from = word?.from ?? context.pos
  if (from === context.pos && !context.explicit) return null
  const text = context.state.doc.toString()
  const { frames, key } = findYamlPlace(text.slice(0, context.pos), text.slice(context.pos))
  const options = kind === 'tests' ? listAt(tests, frames, key) : listOptions(outlines[kind], kind, frames, key)
  return options.length === 0 ? null : { from, options, validFor: /^[\w.-]*$/ }
}

function listOptions(
  spec: Outline,
  section: SectionName,
  frames: readonly Frame[],
  key: string | undefined,
): readonly Completion[] {
  const [root, first, ...inner] = frames
  if (first === undefined) {
    if (key === 'section') return [{ label: section, type: 'constant' }]
    if (key === 'schema') return [{ label: 'v1', type: 'constant' }]
    return key === undefined ? ENVELOPE.filter((name) => root?.values.has(name) !== true).map(makeField) : []
  }
  return first.name === 'spec' ? listAt(spec, [first, ...inner], key) : []
}

/** What may be written in the innermost frame; the first is the one that the outline is of. */
function listAt(outer: Outline, [first, ...inner]: readonly Frame[], key: string | undefined): readonly Completion[] {
  const at = first === undefined ? undefined : descend(outer, first, inner)
  if (at === undefined) return []
  const { outline, frame } = at
  if (key === undefined) return listFields(outline, frame)
  const value = resolve(outline, frame, key)
  return value?.kind === 'value' ? (value.values ?? []).map((label) => ({ label, type: 'constant' })) : []
}

/** Follows the frames through the outline; `undefined` where the document leaves it. */
function descend(
  spec: Outline,
  first: Frame,
  inner: readonly Frame[],
): { readonly outline: Outline; readonly frame: Frame } | undefined {
  let [outline, frame]: [Outline | undefined, Frame] = [spec, first]
  for (const next of inner) {
    if (next.isItem) outline = outline?.kind === 'list' ? outline.item : undefined
    else outline = outline === undefined ? undefined : resolve(outline, frame, next.name ?? '')
    frame = next
  }
  return outline === undefined ? undefined : { outline, frame }
}

function resolve(outline: Outline, frame: Frame, name: string): Outline | undefined {
  if (outline.kind === 'map') return Object.hasOwn(outline.fields, name) ? outline.fields[name]?.value : undefined
  if (outline.kind === 'record') return outline.value
  if (outline.kind !== 'variant') return undefined
  if (name === outline.key) return { kind: 'value', values: Object.keys(outline.options) }
  const chosen = frame.values.get(outline.key) ?? ''
  const option = Object.hasOwn(outline.options, chosen) ? outline.options[chosen] : undefined
  return option && resolve(option, frame, name)
}

function listFields(outline: Outline, frame: Frame): readonly Completion[] {
  if (outline.kind === 'map')
    return Object.entries(outline.fields)
      .filter(([name]) => !frame.values.has(name))
      .map(([name, { description, isOptional }]) => ({
        ...makeField(name),
        ...(description === undefined ? {} : { info: description }),
        ...(isOptional === true ? {} : { detail: 'required', boost: 1 }),
      }))
  if (outline.kind !== 'variant') return []
  const chosen = frame.values.get(outline.key)
  const option = chosen !== undefined && Object.hasOwn(outline.options, chosen) ? outline.options[chosen] : undefined
  return option === undefined ? [makeField(outline.key)] : listFields(option, frame)
}

function makeField(name: string): Completion {
  return { label: name, apply: `${name}: `, type: 'property' }
}

/** Behind `{{`, and in the expressions of conditions. */
function completeAttribute(names: readonly string[], context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos)
  const before = line.text.slice(0, context.pos - line.from)
  const isTemplate = /\{\{\s*[\w.[\]<>-]*$/.test(before)
  if (!isTemplate && !/\b(?:expression|condition):.*[\w.]$/.test(before)) return null
  const word = context.matchBefore(/[\w.[\]<>-]+/)
  if (word === null && !isTemplate) return null
  const options = names.map((label) => ({ label, type: 'variable' }))
  return { from: word?.from ?? context.pos, options, validFor: /^[\w.[\]<>-]*$/ }
}
