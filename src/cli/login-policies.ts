// A document with policies on the command line.
import { basename, dirname, resolve } from 'node:path'
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import { hasScope, isPolicySection, POLICY_SECTIONS, type SectionName } from '../config/sections/table.ts'
import type { PolicySet } from '../policy/policy.ts'
import { EXIT, type Io, Stop } from './command.ts'
import { type CompiledDocument, compileFile, readDocumentFile } from './document.ts'
import type { OperatorSettings } from './operator-settings.ts'

export interface LoginDocument {
  readonly document: CompiledDocument
  readonly section: (typeof POLICY_SECTIONS)[number]
  /** Absent: the document does not compile. */
  readonly policies: PolicySet | undefined
}

/** Reads and compiles a document. @throws a {@link Stop} if it cannot be read, or is of a section without policies */
export async function readLoginPolicies(file: string, settings: OperatorSettings, io: Io): Promise<LoginDocument> {
  const keyOf = (named: SectionName) => makeKeyBeside(resolve(io.directory, file), named)
  const document = await compileFile(file, await readDocumentFile(file, io), keyOf, settings)
  const { section } = document.key
  if (!isPolicySection(section)) {
    const expected = POLICY_SECTIONS.join(', ')
    throw new Stop(EXIT.usage, `${file} contains ${section}, which has no policies. Expected one of: ${expected}`)
  }
  // These sections compile to policies.
  const policies = document.result.ok ? (document.result.value as PolicySet) : undefined
  return { document, section, policies }
}

/**
 * A key to compile the document under. The cluster id does not affect its policies. A section that the trust domain has as
 * well is the trust domain's if the file lies in a folder of that name, as in a store.
 */
export function makeKeyBeside(path: string, section: SectionName): DocumentKey<SectionName> {
  const clusterId = parseClusterId('any')
  const isInTrustDomain = hasScope(section, 'trust-domain') && basename(dirname(path)) === 'trust-domain'
  return isInTrustDomain || !hasScope(section, 'cluster') || clusterId === undefined
    ? trustDomainKey(section)
    : clusterKey(clusterId, section)
}
