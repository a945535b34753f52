// The table of attestors. To add an attestor, add a folder and one row here.
import { addAttributeRows } from '../attribute/catalogue.ts'
import type { Attestor } from './attestor.ts'
import { awsIid } from './aws-iid/aws-iid.ts'
import { awsToken } from './aws-token/aws-token.ts'
import { azureImds } from './azure-imds/azure-imds.ts'
import { azureMsi } from './azure-msi/azure-msi.ts'
import { customJwt } from './custom-jwt/custom-jwt.ts'
import { extension } from './extension/extension.ts'
import { gcpIit } from './gcp-iit/gcp-iit.ts'
import { github } from './github/github.ts'
import { httpDns } from './http-dns/http-dns.ts'
import { k8sToken } from './k8s-token/k8s-token.ts'
import { sshPop } from './ssh-pop/ssh-pop.ts'
import { tpmEk } from './tpm-ek/tpm-ek.ts'
import { x509Pop } from './x509-pop/x509-pop.ts'

/** The built-in attestors. To add your own, pass `createGateway({ attestors: [...ATTESTORS, mine] })`. */
export const ATTESTORS: readonly Attestor[] = [
  k8sToken,
  awsIid,
  awsToken,
  azureImds,
  azureMsi,
  gcpIit,
  github,
  customJwt,
  sshPop,
  x509Pop,
  tpmEk,
  extension,
  httpDns,
]

/** Every type that the managed configuration documents. A type with a row in the table is supported. */
const DOCUMENTED = [
  ...['k8s_token', 'aws_iid', 'aws_token', 'azure_msi', 'azure_imds', 'gcp_iit', 'ssh_pop', 'x509_pop', 'tpm_ek'],
  ...['tpm_devid', 'http_dns', 'custom_jwt', 'extension', 'github'],
]

/** The attestors of one gateway or tool. */
export interface AttestorTable {
  readonly rows: ReadonlyMap<string, Attestor>
  /**
   * Documented types without a row. A policy that requires one compiles to a policy that never admits, so that the other
   * policies of its document keep working.
   */
  readonly unsupported: ReadonlySet<string>
}

/** The form of an attestor type in documents and evidence. */
export const ATTESTOR_TYPE = /^[a-z][a-z0-9_]{0,39}$/

/**
 * Creates the table of attestors of one gateway or tool. The attributes of its rows are added to the catalogue of the
 * process.
 *
 * @param attestors default: the built-in ones
 * @throws {RangeError} if two rows have the same type, a type does not match {@link ATTESTOR_TYPE}, or an attribute row
 *   has another origin than the type of its attestor or another side than `agent`
 * @example
 * createAttestorTable([...ATTESTORS, badge])
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
