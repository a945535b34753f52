// Forged tokens: they pass every check before the signature, so they cost the gateway the most.
import { randomBytes } from 'node:crypto'
import { serviceAccountClaims } from '../token/issuer.ts'
import type { AttackRequest, Site } from './kind.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export interface Forged {
  /** Below the origin of all issuers. */
  readonly issuer: string
  readonly kid?: string
  readonly claims?: Readonly<Record<string, unknown>>
  /** Bytes of a signature by the key that is named. */
  readonly signatureBytes?: number
}

/** Makes a token for an issuer with a random signature. */
export function forgeToken(site: Site, { issuer, kid = 'key-1', claims = {}, signatureBytes = 256 }: Forged): string {
  const nowSeconds = Math.floor(site.now() / 1000)
  const payload = serviceAccountClaims(nowSeconds, { iss: `${site.issuers}/${issuer}`, ...claims })
  return `${encode({ alg: 'RS256', kid })}.${encode(payload)}.${randomBytes(signatureBytes).toString('base64url')}`
}

export const makeRandomText = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** A login with one piece of evidence. */
export function makeLogin(cluster: string, token: string): AttackRequest {
  return makeLoginRequest(cluster, JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }))
}

/** A login with a body made by hand. */
export function makeLoginRequest(cluster: string, body: string | Uint8Array<ArrayBuffer>): AttackRequest {
  return { method: 'POST', path: `/v1/clusters/${cluster}/login`, headers: JSON_TYPE, body }
}

export const JSON_TYPE = { 'Content-Type': 'application/json' } as const
