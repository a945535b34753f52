// Agents of the made-up kinds: what each of them has, and the evidence that it makes of it. Every secret thing that one of
// them sends is kept, to be looked for where it must not be.
import { sign } from 'node:crypto'
import type { TestIssuer } from '../../token/issuer.ts'
import type { Certified } from './certificate.ts'
import { type DeviceKey, thumbprintOf } from './key-proof.ts'

export interface Attested {
  readonly type: string
  readonly evidence: Readonly<Record<string, unknown>>
  readonly challenge?: string
}

/** Tokens, signatures, challenges and secrets that agents have sent. */
export const SENT: string[] = []

function keep(text: string): string {
  SENT.push(text)
  return text
}

export async function buildTokenOf(
  issuer: TestIssuer,
  claims: Readonly<Record<string, unknown>> = {},
  nowSeconds = Math.floor(Date.now() / 1000),
): Promise<Attested> {
  const build = { sub: 'job-7', repository: 'acme/site', ref: 'refs/heads/main', 'kubernetes.io': undefined }
  const token = await issuer.mint({ nowSeconds, claims: { ...build, ...claims } })
  return { type: 'build_token', evidence: { token: keep(token) } }
}

export async function accountTokenOf(issuer: TestIssuer): Promise<Attested> {
  return { type: 'k8s_token', evidence: { token: keep(await issuer.mint()) } }
}

export function regionNoteOf(signer: Certified, change: Readonly<Record<string, unknown>> = {}): Attested {
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + 600
  const note = { region: 'us-east-1', account: '111122223333', expiresAtSeconds, ...change }
  const bytes = Buffer.from(JSON.stringify(note))
  const signature = sign('sha256', bytes, { key: signer.privateKey, dsaEncoding: 'ieee-p1363' })
  const evidence = { note: keep(bytes.toString('base64url')), signature: keep(signature.toString('base64url')) }
  return { type: 'region_note', evidence }
}

export function ticketOf(ticket = 'T-1', desk = 'changes'): Attested {
  return { type: 'webhook', evidence: { desk, ticket: keep(`${ticket}-of-a-ticket`) } }
}

/** A device with a key of its own; it asks for a challenge with its thumbprint and a purpose. */
export interface Device {
  readonly key: DeviceKey
  readonly thumbprint: string
  asks(purpose?: string): { readonly thumbprint: string; readonly purpose: string }
  /** The proof for a challenge as the gateway gave it. `signed` replaces lines of what is signed. */
  proves(given: Given, scope: SignedScope, change?: ProofChange): Promise<Attested>
}

export interface Given {
  readonly challenge: string
  readonly receipt: string
}

export interface SignedScope {
  readonly issuerUrl: string
  readonly role: 'agent' | 'issuer' | 'serverless'
  readonly clusterId?: string
}

export interface ProofChange {
  readonly purpose?: string
  readonly receipt?: string
  readonly type?: string
}

export async function makeDevice(): Promise<Device> {
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', publicKey)
  const key: DeviceKey = { kty: 'EC', crv: 'P-256', x, y }
  const thumbprint = thumbprintOf(key)
  return {
    key,
    thumbprint,
    asks: (purpose = 'deploy') => ({ thumbprint, purpose }),
    async proves({ challenge, receipt }, { issuerUrl, role, clusterId = '' }, change = {}) {
      const message = ['postern-login/1', issuerUrl, role, clusterId, challenge].join('\n')
      const signature = await crypto.subtle.sign(ecdsa, privateKey, Buffer.from(message))
      const { type = 'key_proof', ...others } = change
      const proof = { thumbprint, purpose: 'deploy', receipt: keep(receipt), ...others }
      const evidence = { ...proof, signature: keep(Buffer.from(signature).toString('base64url')) }
      return { type, evidence, challenge: keep(challenge) }
    },
  }
}
