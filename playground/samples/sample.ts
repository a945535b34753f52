// What a sample is: one attestor, documents that ask for it, and evidence as its platform makes it.
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'

export interface SampleDefinition {
  /** Unique, in kebab-case. */
  readonly id: string
  readonly attestor: string
  readonly title: string
  /** What to look at, in a sentence. */
  readonly hint: string
  readonly documents: readonly PlacedDocument[]
  readonly evidence: SampleEvidence
  readonly workload?: string
}

export type SampleEvidence =
  /** A token, which `npm run samples` signs with the key of the samples. */
  | { readonly kind: 'token'; readonly claims: Readonly<Record<string, unknown>> }
  /** The attestations of a body: where several attestors are asked, or nothing has to be made. */
  | { readonly kind: 'body'; readonly attestations: readonly object[] }
  /** Made by a tool of the platform: its name in `made.json`. */
  | { readonly kind: 'made'; readonly name: 'awsPkcs7' | 'sshSignature' | 'x509Proof' | 'azureDocument' }

/** When the tokens of the samples were issued: 2026-12-01T09:00:00Z. */
export const ISSUED_AT_SECONDS = 1_796_115_600

/** A challenge comes from the gateway and goes back as it came; this one stands for it. */
export const CHALLENGE = 'as-the-gateway-gave-it'

export const AUDIENCE = 'https://login.example.org'

/** A document of agents' policies. */
export function agents(text: string): PlacedDocument {
  const body = `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${text}`
  return { scope: 'cluster', section: 'AgentAttestation', text: body }
}

/** `iat` and `exp`, as the issuer makes them. */
export function times(lifetimeSeconds: number): { readonly iat: number; readonly exp: number } {
  return { iat: ISSUED_AT_SECONDS, exp: ISSUED_AT_SECONDS + lifetimeSeconds }
}
