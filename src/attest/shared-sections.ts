// The sections of the trust domain that attestors verify with, and what they compile to.

/** Region certificates of AWS in DER, in document order, by region. */
export type AwsCertificates = ReadonlyMap<string, readonly Uint8Array<ArrayBuffer>[]>

/** A section that a row needs is one line here; `config/sections/` has the row that compiles it. */
export interface SharedSections {
  readonly AWSCertificates: AwsCertificates
}
