// Edits of the text of a Revocations document. The rest of the text stays as its author wrote it, comments included, and
// what was added is taken out again byte for byte. The caller compiles each result, so an edit that went wrong is refused.
import { readYaml } from '../../config/yaml/yaml.ts'
import type { YamlList, YamlMap, YamlNode } from '../../config/yaml/yaml-node.ts'
import { formatInstantSeconds } from '../../core/instant.ts'
import { REVOCATIONS_DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { printableJson } from '../../core/printable.ts'
import type { Lock, RevokedFact } from '../../policy/revocation/revocation.ts'

/** A new entry. */
export interface NewEntry {
  readonly fact: RevokedFact
  readonly untilSeconds: number
  readonly reason: string
}

const HEAD = 'section: Revocations\nschema: v1\nspec:\n'

/**
 * Adds an entry at the end of the list.
 * @param text - the document; `undefined` if there is none, then one is made
 * @returns the new text, or `undefined` if the document is not one that can be edited: it does not compile
 */
export function addEntry(text: string | undefined, entry: NewEntry): string | undefined {
  const written = writeEntry(entry)
  if (text === undefined) return `${HEAD}  entries:\n    - ${written}\n`
  const spec = readSpec(text)
  if (spec === undefined) return undefined
  const list = spec.entries.get('entries')?.value
  if (list === undefined) {
    return isFlow(text, spec)
      ? addMember(text, spec, 'entries', `[${written}]`)
      : addMember(text, spec, 'entries', `\n${indentOf(text, spec)}  - ${written}`)
  }
  if (list.kind !== 'list') return undefined
  const last = list.items.at(-1)
  if (isFlow(text, list)) {
    const at = last === undefined ? list.start + 1 : endOf(text, last)
    return insert(text, at, last === undefined ? written : `, ${written}`)
  }
  if (last === undefined) return undefined
  return insert(
    text,
    endOfLine(text, endOf(text, last)),
    `${lineBreak(text)}${' '.repeat(dashColumn(text, last))}- ${written}`,
  )
}

/** Sets the end of the entries at these indexes. */
export function setUntil(text: string, indexes: readonly number[], untilSeconds: number): string | undefined {
  const items = readItems(text)?.items
  if (items === undefined) return undefined
  let edited = text
  for (const index of [...indexes].sort((a, b) => b - a)) {
    const item = items[index]
    const until = item?.kind === 'map' ? item.entries.get('until')?.value : undefined
    if (until === undefined) return undefined
    edited = replace(edited, until.start, until.end, `"${formatInstantSeconds(untilSeconds)}"`)
  }
  return edited
}

/** Removes the entries at these indexes. */
export function removeEntries(text: string, indexes: readonly number[]): string | undefined {
  const list = readItems(text)
  if (list === undefined) return undefined
  const { items } = list
  const gone = new Set(indexes)
  if (items.every((_item, index) => gone.has(index))) return emptyList(text, list)
  let edited = text
  for (const index of [...gone].sort((a, b) => b - a)) {
    const item = items[index]
    if (item === undefined) return undefined
    edited = isFlow(text, list) ? cutFlowItem(edited, items, index) : cutBlockItem(edited, text, item)
  }
  return edited
}

/** Sets the lock, in place of one that is there. */
export function setLock(text: string | undefined, { untilSeconds, reason }: Lock): string | undefined {
  const written = `{"until": "${formatInstantSeconds(untilSeconds)}", "reason": ${printableJson(reason)}}`
  if (text === undefined) return `${HEAD}  lock: ${written}\n`
  const spec = readSpec(text)
  if (spec === undefined) return undefined
  const lock = spec.entries.get('lock')
  if (lock === undefined) return addMember(text, spec, 'lock', written)
  return isFlow(text, lock.value) ? replace(text, lock.value.start, endOf(text, lock.value), written) : undefined
}

/** `absent`: with the lock the document loses its only member, so it was made for the lock. */
export function removeLock(text: string): string | 'absent' | undefined {
  const spec = readSpec(text)
  const lock = spec?.entries.get('lock')
  if (spec === undefined || lock === undefined) return undefined
  const { keyStart, value } = lock
  if (isFlow(text, spec)) {
    const end = endOf(text, value)
    const comma = /^\s*,/.exec(text.slice(end))?.[0] ?? ''
    return replace(text, keyStart, end + comma.length, '')
  }
  if (spec.entries.size === 1) return 'absent'
  return replace(text, startOfLine(text, keyStart), nextLine(text, endOf(text, value)), '')
}

/** An entry in flow style, whose strings JSON quotes: no value can end it or add a field. */
function writeEntry({ fact, untilSeconds, reason }: NewEntry): string {
  const until = formatInstantSeconds(untilSeconds)
  return `{${writeFact(fact)}, "until": "${until}", "reason": ${printableJson(reason)}}`
}

function writeFact(fact: RevokedFact): string {
  switch (fact.kind) {
    case 'node':
      return `"node": ${printableJson(fact.name)}`
    case 'session':
      return `"session": ${printableJson(fact.id)}`
    default: {
      const { kind, ...fields } = fact
      const members = Object.entries(fields).map(([name, value]) => `"${name}": ${printableJson(value)}`)
      return `"${kind}": {${members.join(', ')}}`
    }
  }
}

function readSpec(text: string): YamlMap | undefined {
  const read = readYaml(text, undefined, REVOCATIONS_DOCUMENT_MAX_BYTES)
  const spec = read.root?.kind === 'map' ? read.root.entries.get('spec')?.value : undefined
  return read.ok && spec?.kind === 'map' ? spec : undefined
}

function readItems(text: string): YamlList | undefined {
  const list = readSpec(text)?.entries.get('entries')?.value
  return list?.kind === 'list' ? list : undefined
}

/** Puts a member in front of all others. */
function addMember(text: string, map: YamlMap, name: string, value: string): string {
  if (isFlow(text, map)) return insert(text, map.start + 1, `"${name}": ${value}${map.entries.size === 0 ? '' : ','}`)
  const [first] = map.entries.values()
  const at = startOfLine(text, first?.keyStart ?? map.start)
  return insert(text, at, `${indentOf(text, map)}${name}: ${value}`.replaceAll('\n', lineBreak(text)) + lineBreak(text))
}

function emptyList(text: string, list: YamlList): string {
  const [first] = list.items
  if (first === undefined || isFlow(text, list)) return replace(text, list.start, endOf(text, list), '[]')
  const last = list.items.at(-1) ?? first
  const key = text.lastIndexOf(':', dashOf(text, first))
  return replace(text, key + 1, endOf(text, last), ' []')
}

function cutFlowItem(text: string, items: readonly YamlNode[], index: number): string {
  const [item, next, before] = [items[index], items[index + 1], items[index - 1]]
  if (item === undefined) return text
  if (next !== undefined) return replace(text, item.start, next.start, '')
  return replace(text, before === undefined ? item.start : endOf(text, before), endOf(text, item), '')
}

function cutBlockItem(edited: string, original: string, item: YamlNode): string {
  const start = startOfLine(original, dashOf(original, item))
  return replace(edited, start, nextLine(original, endOf(original, item)), '')
}

function isFlow(text: string, { start }: YamlNode): boolean {
  return text[start] === '{' || text[start] === '['
}

/** The end of a node, closing bracket included; of a block without the line break behind it. */
function endOf(text: string, node: YamlNode): number {
  if (node.kind === 'map' || node.kind === 'list') {
    const children = node.kind === 'map' ? [...node.entries.values()].map(({ value }) => value) : node.items
    const last = children.at(-1)
    const inner = last === undefined ? node.start + 1 : endOf(text, last)
    return isFlow(text, node) ? endOfFlow(text, inner) : inner
  }
  let end = node.end
  while (end > node.start && /[\r\n]/.test(text[end - 1] ?? '')) end--
  return end
}

/** Passes spaces, commas and comments up to the closing bracket. */
function endOfFlow(text: string, from: number): number {
  const between = /^(?:[\s,]|#[^\n]*)*/.exec(text.slice(from))?.[0] ?? ''
  return from + between.length + 1
}

function dashOf(text: string, item: YamlNode): number {
  return text.lastIndexOf('-', item.start - 1)
}

function dashColumn(text: string, item: YamlNode): number {
  const dash = dashOf(text, item)
  return dash - startOfLine(text, dash)
}

function indentOf(text: string, map: YamlMap): string {
  const [first] = map.entries.values()
  const key = first?.keyStart ?? map.start
  return ' '.repeat(key - startOfLine(text, key))
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  const line = end < 0 ? text.length : end
  return text[line - 1] === '\r' ? line - 1 : line
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

function lineBreak(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}

function insert(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at)
}

function replace(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}
