// From words on the command line to what they name: flags, whose documents, which section. What does not fit ends the
// command with the next step.
import { type ParseArgsConfig, parseArgs } from 'node:util'
import {
  CLUSTER_ID_WORDS,
  clusterKey,
  type DocumentKey,
  parseClusterId,
  type Scope,
  trustDomainKey,
} from '../config/document-key.ts'
import type { SectionScope } from '../config/sections/section.ts'
import { isSectionName, SECTIONS, type SectionName, sectionNames } from '../config/sections/table.ts'
import { isDigest } from '../core/digest.ts'
import { didYouMean } from '../core/nearest.ts'
import { usageStop } from './command.ts'

/** `util.parseArgs`, strict, with positional words; its complaints become ours. */
export function readFlags<const Options extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw usageStop(error instanceof Error ? error.message : String(error))
  }
}

/** Whose documents a command is about. */
export interface Target {
  readonly kind: SectionScope
  readonly scope: Scope
  readonly keyOf: (section: SectionName) => DocumentKey<SectionName>
}

export const TARGET_OPTIONS = { id: { type: 'string' } } as const satisfies ParseArgsConfig['options']

export const TARGET_HELP = [['--id ID', 'the cluster; needed after `cluster`']] as const

/** `cluster` with `--id`, or `trust-domain`; and the words after it. */
export function readTarget(
  positionals: readonly string[],
  id: string | undefined,
): { readonly target: Target; readonly rest: readonly string[] } {
  const [kind, ...rest] = positionals
  if (kind === 'trust-domain') {
    if (id !== undefined) throw usageStop('--id names a cluster: leave it out after "trust-domain"')
    return { target: { kind, scope: kind, keyOf: trustDomainKey }, rest }
  }
  if (kind !== 'cluster') {
    const given = kind === undefined ? 'Say whose documents' : `"${kind}" has no documents`
    throw usageStop(`${given}: write "cluster --id ID" or "trust-domain"`)
  }
  if (id === undefined) throw usageStop('Say which cluster: add --id ID')
  const clusterId = parseClusterId(id)
  if (clusterId === undefined) {
    throw usageStop(`"${id}" is no cluster id: ${CLUSTER_ID_WORDS}, beginning with a letter or digit`)
  }
  return { target: { kind, scope: `clusters/${clusterId}`, keyOf: (section) => clusterKey(clusterId, section) }, rest }
}

/** The one section that the words name. */
export function readSection(target: Target, words: readonly string[]): SectionName {
  const names = sectionsOf(target.kind)
  const [name, another] = words
  if (name === undefined) throw usageStop(`Say which section: ${names.join(', ')}`)
  if (another !== undefined) throw usageStop(`Name one section at a time: "${another}" is one too many`)
  if (!isSectionName(name)) {
    throw usageStop(`There is no section "${name}"${didYouMean(name, names) || `: choose from ${names.join(', ')}`}`)
  }
  checkScope(target, name)
  return name
}

/** Stops if a section belongs elsewhere. `what` holds it: a file, or the section's own name. */
export function checkScope(target: Target, section: SectionName, what: string = section): void {
  const { scope } = SECTIONS[section]
  if (scope === target.kind) return
  const own =
    scope === 'cluster' ? 'of a cluster: write "cluster --id ID"' : 'of the trust domain: write "trust-domain"'
  throw usageStop(`${what === section ? what : `${what} holds ${section}, which`} is a section ${own}`)
}

function sectionsOf(kind: SectionScope): readonly SectionName[] {
  return sectionNames().filter((name) => SECTIONS[name].scope === kind)
}

/** `--expected-digest`: a whole digest, or `absent`. */
export function readExpected(value: string | undefined): string | undefined {
  if (value === undefined || value === 'absent' || isDigest(value)) return value
  throw usageStop(
    '--expected-digest takes "sha256:" and 64 hex digits, as `config get --digest` prints it, or "absent"',
  )
}
