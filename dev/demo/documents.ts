// The documents of the demo: the examples, with the issuer of the simulated cluster, in the folder where the demo keeps its files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const CLUSTER = 'demo'

export interface DemoDocument {
  /** Where it is in KV. */
  readonly key: string
  readonly file: string
  readonly text: string
}

/** Key in KV, and section: the file is named after it. */
const DOCUMENTS = [
  [`clusters/${CLUSTER}`, 'AgentAttestation'],
  [`clusters/${CLUSTER}`, 'SVIDIssuancePolicy'],
  ['trust-domain', 'TrustDomainServerAttestation'],
] as const

/**
 * Writes the documents.
 *
 * @param from a folder that has a file for each section, such as `examples`
 * @param into the folder for what is written; made if absent
 * @param issuer the issuer of the simulated cluster
 */
export function writeDocuments(from: string, into: string, issuer: string): readonly DemoDocument[] {
  mkdirSync(into, { recursive: true })
  return DOCUMENTS.map(([scope, section]) => {
    const name = `${section}.yaml`
    const text = readFileSync(join(from, name), 'utf8').replace(/issuerURL: \S+/, `issuerURL: ${issuer}`)
    const file = join(into, name)
    writeFileSync(file, text)
    return { key: `${scope}/${section}`, file, text }
  })
}
