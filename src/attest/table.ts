// The table of attestors. A new attestor is one folder and one row here.
import { addAttributeRows } from '../attribute/catalogue.ts'
import type { Attestor } from './attestor.ts'
import { k8sToken } from './k8s-token/k8s-token.ts'

/** What ships. `createGateway({ attestors })` takes a list of one's own, such as `[...ATTESTORS, mine]`. */
export const ATTESTORS: readonly Attestor[] = [k8sToken]

/** Every documented type, agents' and serverless: a row of a table takes its type out of the unsupported ones. */
const DOCUMENTED = [
  ...['k8s_token', 'aws_iid', 'aws_token', 'azure_msi', 'azure_imds', 'gcp_iit', 'ssh_pop', 'x509_pop', 'tpm_ek'],
  ...['tpm_devid', 'http_dns', 'custom_jwt', 'extension', 'github'],
]

/** The attestors of one gateway or tool. */
export interface AttestorTable {
  readonly rows: ReadonlyMap<string, Attestor>
  /**
   * Types that the managed configuration documents and no row knows. A policy that requires one compiles to a policy
   * that never admits, so that the others of its document go on.
   */
  readonly unsupported: ReadonlySet<string>
}

/** A type of attestor, in documents and in evidence. */
export const ATTESTOR_TYPE = /^[a-z][a-z0-9_]{0,39}$/

/**
 * Throws a `RangeError` for two rows of one type and for a type that no evidence can name: both are mistakes of whoever
 * wrote the list. Attributes of the rows join the catalogue of the process.
 */
export function createAttestorTable(attestors: readonly Attestor[] = ATTESTORS): AttestorTable {
  const rows = new Map<string, Attestor>()
  for (const row of attestors) {
    const { type, attributeRows = [] } = row
    if (!ATTESTOR_TYPE.test(type))
      throw new RangeError(`"${type}" is not a valid attestor type: it must match ${ATTESTOR_TYPE.source}`)
    if (rows.has(type)) throw new RangeError(`two attestors have the type "${type}"`)
    rows.set(type, row)
    for (const { name, origin, side } of attributeRows) {
      if (origin !== type || side !== 'agent')
        throw new RangeError(`the attribute ${name} must have origin "${type}" and side "agent"`)
    }
    addAttributeRows(attributeRows)
  }
  return { rows, unsupported: new Set(DOCUMENTED.filter((type) => !rows.has(type))) }
}
