// Attestor types that the managed configuration documents and this version has no row for. A policy that requires one
// compiles to a policy that never admits, so that the others of its document go on.
import type { Requirement } from './attestor.ts'
import { ATTESTORS } from './table.ts'

/** Every documented type, agents' and serverless: a row of the table takes its type out of the unsupported ones. */
const DOCUMENTED = [
  ...['k8s_token', 'aws_iid', 'aws_token', 'azure_msi', 'azure_imds', 'gcp_iit', 'ssh_pop', 'x509_pop', 'tpm_ek'],
  ...['tpm_devid', 'http_dns', 'custom_jwt', 'extension', 'github'],
]

export const UNSUPPORTED_ATTESTORS: ReadonlySet<string> = new Set(DOCUMENTED.filter((type) => !ATTESTORS.has(type)))

/** It has no selector that evidence could have; nothing verifies it, and the evaluator refuses it by its mark. */
export function unsupportedRequirement(type: string): Requirement {
  return { type, selector: '', scoped: true, unsupported: true, detail: undefined }
}
