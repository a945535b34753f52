// Parses command-line arguments that name documents: the scope, the section, the version.
import {
  CLUSTER_ID_WORDS,
  clusterKey,
  type DocumentKey,
  parseClusterId,
  type Scope,
  trustDomainKey,
} from '../config/document-key.ts'
import type { SectionScope } from '../config/sections/section.ts'
import { hasScope, isSectionName, listSectionNames, type SectionName } from '../config/sections/table.ts'
import { isDigest } from '../core/digest.ts'
import { suggestNearest } from '../core/nearest.ts'
import { makeUsageStop } from './command.ts'
import type { Options } from './define-command.ts'

/** The owner of the documents that a command works on: one cluster, or the trust domain. */
export interface Target {
  readonly kind: SectionScope
  readonly scope: Scope
  readonly keyOf: (section: SectionName) => DocumentKey<SectionName>
}

/** The arguments and the flag that every command on stored documents shares. */
export const SCOPE = ['<scope>', '"cluster", with --id, or "trust-domain"'] as const
export const SECTION = ['<section>', 'the document, such as AgentAttestation'] as const
export const TARGET_OPTIONS = {
  id: { value: 'id', help: 'the cluster; required with "cluster"' },
} as const satisfies Options

export const JSON_OPTION = { json: { help: 'print one JSON object, for programs' } } as const satisfies Options

/**
 * Reads the scope: `cluster` with `--id`, or `trust-domain`.
 * @throws a usage {@link Stop} for an unknown scope, a missing `--id` or a malformed cluster id
 */
export function readTarget(scope: string, id: string | undefined): Target {
  if (scope === 'trust-domain') {
    if (id !== undefined) throw makeUsageStop('--id names a cluster and cannot be used with "trust-domain": remove it')
    return { kind: scope, scope, keyOf: trustDomainKey }
  }
  if (scope !== 'cluster')
    throw makeUsageStop(`Unknown scope "${scope}". Expected one of: cluster --id ID, trust-domain`)
  if (id === undefined) throw makeUsageStop('Missing --id: "cluster" needs the id of the cluster')
  const clusterId = parseClusterId(id)
  if (clusterId === undefined) {
    throw makeUsageStop(`"${id}" is not a cluster id: ${CLUSTER_ID_WORDS}, beginning with a letter or digit`)
  }
  return { kind: scope, scope: `clusters/${clusterId}`, keyOf: (section) => clusterKey(clusterId, section) }
}

/**
 * Reads a section name.
 * @throws a usage {@link Stop} for an unknown section, or one that belongs to the other scope
 */
export function readSection(target: Target, name: string): SectionName {
  if (!isSectionName(name)) {
    const names = listSectionNames().filter((known) => hasScope(known, target.kind))
    throw makeUsageStop(
      `Unknown section "${name}"${suggestNearest(name, names) || `. Expected one of: ${names.join(', ')}`}`,
    )
  }
  checkScope(target, name)
  return name
}

/**
 * Checks that a section belongs to the scope of `target`.
 * @param what - what contains the section, as messages name it: a file, or the section's own name
 * @throws a usage {@link Stop} if it belongs to the other scope
 */
export function checkScope(target: Target, section: SectionName, what: string = section): void {
  if (hasScope(section, target.kind)) return
  const own =
    target.kind === 'trust-domain'
      ? 'of a cluster: write "cluster --id ID"'
      : 'of the trust domain: write "trust-domain"'
  throw makeUsageStop(`${what === section ? what : `${what} contains ${section}, which`} is a section ${own}`)
}

/**
 * Reads `--expected-digest`: a full digest (`sha256:` and 64 hex digits), or `absent`.
 * @throws a usage {@link Stop} for anything else
 */
export function readExpected(value: string | undefined): string | undefined {
  if (value === undefined || value === 'absent' || isDigest(value)) return value
  throw makeUsageStop(
    '--expected-digest must be "sha256:" and 64 hex digits, as `config get --digest` prints it, or "absent"',
  )
}
