// The catalogue: every attribute there is, in one table. A name that is not in it is an error where it is written.
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

/** What is documented, and what attestors of one's own have added. */
export const CATALOGUE: readonly AttributeRow[] = rows

/** An attribute that a text names: its row, its one canonical name, and its key if its row has one. */
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
 * Adds the attributes of an attestor of one's own. Names are one vocabulary for the whole process, as documents are: a
 * name means one thing for all gateways in it. The same row again changes nothing; another row of a known name throws a
 * `RangeError`, since it would change what documents mean.
 */
export function addAttributeRows(added: readonly AttributeRow[]): void {
  for (const row of added) {
    const known = rows.find(({ name, aliases = [] }) => name === row.name || aliases.includes(row.name))
    if (known === row) continue
    if (known !== undefined) throw new RangeError(`the attribute ${row.name} is one of ${known.origin}`)
    rows.push(row)
    indexRow(row)
  }
}

/** What names with a key have resolved to: the workloads of a request have the same few hundred labels. */
let recent = new Map<string, ResolvedAttribute>()
let older = new Map<string, ResolvedAttribute>()

/** The attribute that a name in any notation stands for; `undefined` if there is none. */
export function resolveAttribute(text: string): ResolvedAttribute | undefined {
  const known = FIXED.get(text) ?? recent.get(text)
  if (known !== undefined) return known
  const resolved = older.get(text) ?? resolveKeyed(text)
  if (resolved === undefined) return undefined
  // Two generations forget what is not asked for, and reading them changes nothing: an LRU reorders at each look.
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
 * The canonical name of a key of a documented name: `('aws_iid.ec2.instance.tag.<tag>', 'Name')` is
 * `aws_iid.ec2.instance.tag.Name`. `undefined` if the row has no such key, so that a hostile key is dropped by its
 * attestor and never becomes another attribute's name.
 */
export function makeAttributeName(documented: string, key: string): string | undefined {
  const pattern = PATTERNS.get(documented)
  return pattern === undefined ? undefined : resolveAttribute(writeName(pattern, key))?.name
}

/** Every documented name, with the parts that vary in angle brackets. */
export function listAttributeNames(): readonly string[] {
  return CATALOGUE.map((row) => row.name)
}

/** The upstream server version that a name needs; `undefined` if any will do. */
export function findServerVersion(attribute: ResolvedAttribute): string | undefined {
  const needsVersion = attribute.key?.includes('/') || attribute.key?.includes('-')
  return needsVersion ? attribute.row.keyVersion : undefined
}

/** The real name nearest to a misspelt one, with its key kept: `kubernetes.pod.label[app]` for `...lable[app]`. */
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

/** What would be the key if `text` were a misspelt name of this pattern. */
function findLikelyKey(text: string, pattern: NamePattern): string | undefined {
  const bracket = text.indexOf('[')
  const written = bracket >= 0 ? text.slice(bracket) : skipDots(text, pattern.prefix.split('.').length)
  if (pattern.suffix === '') return readKey(`${pattern.prefix}${written}`, pattern)
  const [, key] = written.split(written.startsWith('[') ? /[[\]]/ : '.', 2)
  return key === undefined ? undefined : readKey(`${pattern.prefix}.${key}${pattern.suffix}`, pattern)
}

/** From the `count`th dot on. */
function skipDots(text: string, count: number): string {
  let at = -1
  for (let found = 0; found < count; found++) {
    at = text.indexOf('.', at + 1)
    if (at < 0) return ''
  }
  return text.slice(at)
}
