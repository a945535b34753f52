// The table of sections. A new section is one file and one row here.
import { agentAttestation } from './agent-attestation.ts'
import { awsCertificates } from './aws-certificates.ts'
import { azureCertificates } from './azure-certificates.ts'
import { cluster } from './cluster.ts'
import { revocations } from './revocations.ts'
import type { SectionRow, SectionScope } from './section.ts'
import { serverlessAttestation } from './serverless-attestation.ts'
import { svidIssuancePolicy } from './svid-issuance-policy.ts'
import { trustDomain } from './trust-domain.ts'
import { trustDomainServerAttestation } from './trust-domain-server-attestation.ts'
import { workloadAttestation } from './workload-attestation.ts'

export const SECTIONS = {
  AgentAttestation: agentAttestation,
  WorkloadAttestation: workloadAttestation,
  SVIDIssuancePolicy: svidIssuancePolicy,
  ServerlessAttestation: serverlessAttestation,
  Cluster: cluster,
  Revocations: revocations,
  TrustDomainServerAttestation: trustDomainServerAttestation,
  TrustDomain: trustDomain,
  AWSCertificates: awsCertificates,
  AzureCertificates: azureCertificates,
} as const satisfies Record<string, SectionRow<unknown>>

export type SectionName = keyof typeof SECTIONS

/** Whether a received name is that of a section. An own property only: `constructor` must not pass. */
export function isSectionName(name: string): name is SectionName {
  return Object.hasOwn(SECTIONS, name)
}

/** Whether documents of the section exist in this scope. */
export function hasScope(name: SectionName, scope: SectionScope): boolean {
  return SECTIONS[name].scopes.some((known) => known === scope)
}

/** The sections that compile to policies over evidence. */
export const POLICY_SECTIONS = [
  'AgentAttestation',
  'TrustDomainServerAttestation',
  'ServerlessAttestation',
] as const satisfies readonly SectionName[]

export function isPolicySection(name: SectionName): name is (typeof POLICY_SECTIONS)[number] {
  return POLICY_SECTIONS.some((known) => known === name)
}

export function listSectionNames(): readonly SectionName[] {
  return Object.keys(SECTIONS).filter(isSectionName)
}
