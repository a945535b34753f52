// The sections of the trust domain that attestors use for verification, and their compiled types.
import type { Certificate } from '../certificate/certificate.ts'

/** Region certificates of AWS in DER, in document order, by region. */
export type AwsCertificates = ReadonlyMap<string, readonly Uint8Array<ArrayBuffer>[]>

/** Authorities of Azure's signers. */
export interface AzureCertificates {
  readonly roots: readonly Certificate[]
  readonly intermediates: readonly Certificate[]
}

/** To share a section with attestors, add one line here and a row in `config/sections/` that compiles it. */
export interface SharedSections {
  readonly AWSCertificates: AwsCertificates
  readonly AzureCertificates: AzureCertificates
}
