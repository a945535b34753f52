// A document with login policies on the command line.
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import type { SectionName } from '../config/sections/table.ts'
import type { PolicySet } from '../policy/policy.ts'
import { EXIT, type Io, Stop } from './command.ts'
import { type CompiledDocument, compileFile, readDocumentFile } from './document.ts'
import type { OperatorSettings } from './operator-settings.ts'

const SECTIONS = ['AgentAttestation', 'TrustDomainServerAttestation'] as const
export type LoginSection = (typeof SECTIONS)[number]

export interface LoginDocument {
  readonly document: CompiledDocument
  readonly section: LoginSection
  /** Absent: the document does not compile. */
  readonly policies: PolicySet | undefined
}

/** Reads and compiles a document. @throws a {@link Stop} if it cannot be read, or is of a section without login policies */
export async function readLoginPolicies(file: string, settings: OperatorSettings, io: Io): Promise<LoginDocument> {
  const document = await compileFile(file, await readDocumentFile(file, io), makeDefaultKey, settings)
  const section = SECTIONS.find((one) => one === document.key.section)
  if (section === undefined) {
    const message = `${file} contains ${document.key.section}, which has no login policies. Expected one of: ${SECTIONS.join(', ')}`
    throw new Stop(EXIT.usage, message)
  }
  // Both sections compile to policies.
  const policies = document.result.ok ? (document.result.value as PolicySet) : undefined
  return { document, section, policies }
}

/** A key to compile the document under. The cluster id does not affect its policies. */
function makeDefaultKey(section: SectionName): DocumentKey<SectionName> {
  const clusterId = parseClusterId('any')
  return section === 'TrustDomainServerAttestation' || clusterId === undefined
    ? trustDomainKey(section)
    : clusterKey(clusterId, section)
}
