// What a person gives to the page: the documents, the evidence and what surrounds them. A verdict depends on nothing else.
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'

/** The settings of the gateway that a verdict depends on, as they are typed. */
export interface SituationSettings {
  readonly trustDomain: string
  readonly clusterId: string
  readonly issuerUrl: string
  /** Empty: `spiffe://` and the trust domain. */
  readonly audience: string
  /** Whole seconds, 0 to 60. */
  readonly clockSkewSeconds: number
  /** `ALLOW_LOOPBACK_ISSUERS`, for development. */
  readonly allowLoopbackIssuers: boolean
  /** `PRIVATE_ISSUERS`: origins, separated by commas. */
  readonly privateIssuers: string
}

/** Who logs in: an agent of the cluster, or an issuer. */
export type Role = 'agent' | 'issuer'

export interface Situation {
  readonly settings: SituationSettings
  readonly documents: readonly PlacedDocument[]
  readonly role: Role
  /** The body of a login, a token, a curl command, or claims. */
  readonly evidence: string
  /** Key sets or PEM. */
  readonly keys: string
  /** A pod as kubectl prints it, or attributes. */
  readonly workload: string
  /** Of the pod; empty: none is named. */
  readonly container: string
  /** Seconds since the epoch: the time of the login. */
  readonly atSeconds: number
}
