// The catalogue of all attributes. A document that uses a name that is not in it has an error.
import { RESOLVED_NAMES_MAX } from '../core/limits.ts'
import { findNearest } from '../core/nearest.ts'
import { fitsAlphabet } from './alphabet.ts'
import { type NamePattern, parseNamePattern, readKey, writeName } from './name.ts'
import type { AttributeRow } from './row.ts'
import {
  CUSTOM_JWT_ROWS,
  EXTENSION_ROWS,
  HTTP_DNS_ROWS,
  K8S_TOKEN_ROWS,
  SSH_POP_ROWS,
  TPM_EK_ROWS,
  X509_POP_ROWS,
} from './rows/agent-rows.ts'
import { BUILT_IN_ROWS } from './rows/built-in-rows.ts'
import { GITHUB_ROWS } from './rows/ci-rows.ts'
import { AWS_IID_ROWS, AWS_TOKEN_ROWS, AZURE_IMDS_ROWS, AZURE_MSI_ROWS, GCP_IIT_ROWS } from './rows/cloud-rows.ts'
import { DOCKER_ROWS, JWT_ROWS, KUBERNETES_ROWS, LINUX_ROWS, SYSTEMD_ROWS } from './rows/workload-rows.ts'

const rows: AttributeRow[] = [
  ...KUBERNETES_ROWS,
  ...LINUX_ROWS,
  ...SYSTEMD_ROWS,
  ...DOCKER_ROWS,
  ...JWT_ROWS,
  ...K8S_TOKEN_ROWS,
  ...AWS_IID_ROWS,
  ...AWS_TOKEN_ROWS,
  ...GITHUB_ROWS,
  ...AZURE_MSI_ROWS,
  ...AZURE_IMDS_ROWS,
  ...GCP_IIT_ROWS,
  ...SSH_POP_ROWS,
  ...X509_POP_ROWS,
  ...TPM_EK_ROWS,
  ...HTTP_DNS_ROWS,
  ...CUSTOM_JWT_ROWS,
  ...EXTENSION_ROWS,
  ...BUILT_IN_ROWS,
]

/** The documented attributes, and those added with {@link addAttributeRows}. */
export const CATALOGUE: readonly AttributeRow[] = rows

/** An attribute that a string names: its row, its canonical name, and its key if its row has one. */
export interface ResolvedAttribute {
  readonly row: AttributeRow
  readonly name: string
  readonly key?: string
}

interface KeyedRow {
  readonly row: AttributeRow
  readonly pattern: NamePattern
}

const FIXED = new Map<string, ResolvedAttribute>()
const KEYED = new Map<string, KeyedRow[]>()
const PATTERNS = new Map<string, NamePattern>()
let longestPrefix = 0
for (const row of rows) indexRow(row)

function indexRow(row: AttributeRow): void {
  const pattern = parseNamePattern(row.name)
  if (pattern === undefined) {
    for (const name of [row.name, ...(row.aliases ?? [])]) FIXED.set(name, { row, name: row.name })
    return
  }
  PATTERNS.set(row.name, pattern)
  KEYED.set(pattern.prefix, [...(KEYED.get(pattern.prefix) ?? []), { row, pattern }])
  longestPrefix = Math.max(longestPrefix, pattern.prefix.length)
}

/**
 * Adds the attributes of a host's own attestor. The catalogue belongs to the whole process: a name means the same for
 * every gateway in it. Adding the same row object again has no effect.
 *
 * @throws RangeError if another row has the name, since that would change the meaning of documents.
 * @example
 * const facts = { 'badge.serial': { alphabet: 'digits', description: 'Serial number of the badge' } } as const
 * addAttributeRows(makeRows('badge', 'agent', facts))
 */
export function addAttributeRows(added: readonly AttributeRow[]): void {
  for (const row of added) {
    const known = rows.find(({ name, aliases = [] }) => name === row.name || aliases.includes(row.name))
    if (known === row) continue
    if (known !== undefined)
      throw new RangeError(`cannot add the attribute ${row.name}: ${known.origin} already has it`)
    rows.push(row)
    indexRow(row)
  }
}

/** A memo of resolved names with keys: the workloads of a request have the same few hundred labels. */
let recent = new Map<string, ResolvedAttribute>()
let older = new Map<string, ResolvedAttribute>()

/** Resolves a name in any notation; `undefined` if no attribute has it. */
export function resolveAttribute(text: string): ResolvedAttribute | undefined {
  const known = FIXED.get(text) ?? recent.get(text)
  if (known !== undefined) return known
  const resolved = older.get(text) ?? resolveKeyed(text)
  if (resolved === undefined) return undefined
  // Two generations drop unused names without the reordering that an LRU does at each read.
  if (recent.size >= RESOLVED_NAMES_MAX) {
    older = recent
    recent = new Map()
  }
  recent.set(text, resolved)
  return resolved
}

function resolveKeyed(text: string): ResolvedAttribute | undefined {
  for (let end = 0; end <= longestPrefix && end < text.length; end++) {
    if (text[end] !== '.' && text[end] !== '[') continue
    for (const { row, pattern } of KEYED.get(text.slice(0, end)) ?? []) {
      const key = readKey(text, pattern)
      if (key === undefined) continue
      if (row.keyAlphabet !== undefined && !fitsAlphabet(key, row.keyAlphabet)) continue
      return { row, name: writeName(pattern, key), key }
    }
  }
  return undefined
}

/**
 * Makes the canonical name of a documented name with a key. Attestors call it for keys that an agent chooses.
 *
 * @returns The name; `undefined` if the row does not allow the key: the attestor must drop it, so that a hostile key
 *   never becomes the name of another attribute.
 * @example makeAttributeName('aws_iid.ec2.instance.tag.<tag>', 'Name') // 'aws_iid.ec2.instance.tag.Name'
 */
export function makeAttributeName(documented: string, key: string): string | undefined {
  const pattern = PATTERNS.get(documented)
  return pattern === undefined ? undefined : resolveAttribute(writeName(pattern, key))?.name
}

/** Lists every documented name, with variable parts in angle brackets. */
export function listAttributeNames(): readonly string[] {
  return CATALOGUE.map((row) => row.name)
}

/** Finds the upstream server version that a name requires; `undefined` if any version supports it. */
export function findServerVersion(attribute: ResolvedAttribute): string | undefined {
  const needsVersion = attribute.key?.includes('/') || attribute.key?.includes('-')
  return needsVersion ? attribute.row.keyVersion : undefined
}

/** Suggests the nearest name for a misspelt one and keeps its key: `kubernetes.pod.label[app]` for `...lable[app]`. */
export function suggestAttribute(text: string): string | undefined {
  const candidates = [...FIXED.keys()]
  for (const { row, pattern } of [...KEYED.values()].flat()) {
    const key = findLikelyKey(text, pattern)
    if (key === undefined || (row.keyAlphabet !== undefined && !fitsAlphabet(key, row.keyAlphabet))) continue
    candidates.push(writeName(pattern, key))
  }
  const best = findNearest(text, candidates)
  return best === undefined ? undefined : resolveAttribute(best)?.name
}

/** Finds the key that `text` has if it is a misspelt name of this pattern. */
function findLikelyKey(text: string, pattern: NamePattern): string | undefined {
  const bracket = text.indexOf('[')
  const written = bracket >= 0 ? text.slice(bracket) : skipDots(text, pattern.prefix.split('.').length)
  if (pattern.suffix === '') return readKey(`${pattern.prefix}${written}`, pattern)
  const [, key] = written.split(written.startsWith('[') ? /[[\]]/ : '.', 2)
  return key === undefined ? undefined : readKey(`${pattern.prefix}.${key}${pattern.suffix}`, pattern)
}

/** Returns the rest of `text` from the `count`th dot on. */
function skipDots(text: string, count: number): string {
  let at = -1
  for (let found = 0; found < count; found++) {
    at = text.indexOf('.', at + 1)
    if (at < 0) return ''
  }
  return text.slice(at)
}
