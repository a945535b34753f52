// What one evaluation works with, and which of its documents stand in its way.
import type { AttestorTable } from '../../src/attest/table.ts'
import type { ConditionEngine } from '../../src/condition/vm/engine.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { CheckedDocument, CompiledDocuments } from '../../src/explain/compile-documents.ts'
import type { GivenKeys } from '../../src/explain/read-given-keys.ts'
import type { ReadSettings } from './read-settings.ts'
import type { Role, Situation } from './situation.ts'

export interface Parts {
  readonly situation: Situation
  readonly settings: ReadSettings
  readonly compiled: CompiledDocuments
  readonly keys: GivenKeys | undefined
  readonly attestors: AttestorTable
  readonly engine: ConditionEngine
}

/** The section whose policies admit. */
export const POLICY_SECTIONS: Readonly<Record<Role, SectionName>> = {
  agent: 'AgentAttestation',
  issuer: 'TrustDomainServerAttestation',
}

/** The sections among these that are there and do not compile, of the scopes that a role's login reads. */
export function listBroken(
  documents: readonly CheckedDocument[],
  sections: readonly SectionName[],
  role: Role,
): readonly SectionName[] {
  const broken = documents.filter(
    ({ section, scope, compiles }) =>
      !compiles && sections.includes(section) && (role === 'agent' || scope === 'trust-domain'),
  )
  return [...new Set(broken.map(({ section }) => section))]
}
