// The sections of the trust domain that attestors use for verification, and their compiled types.

/** Region certificates of AWS in DER, in document order, by region. */
export type AwsCertificates = ReadonlyMap<string, readonly Uint8Array<ArrayBuffer>[]>

/** To share a section with attestors, add one line here and a row in `config/sections/` that compiles it. */
export interface SharedSections {
  readonly AWSCertificates: AwsCertificates
}
