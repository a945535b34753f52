// Every kind of hostile traffic.
import { CONNECTION_KINDS } from './connection-kinds.ts'
import { makePolicies } from './documents.ts'
import { ISSUER_KINDS } from './issuer-kinds.ts'
import type { Kind } from './kind.ts'
import { REQUEST_KINDS } from './request-kinds.ts'
import { TOKEN_KINDS } from './token-kinds.ts'

export const KINDS: readonly Kind[] = [...REQUEST_KINDS, ...TOKEN_KINDS, ...ISSUER_KINDS, ...CONNECTION_KINDS]

/** What is stored for a kind: its documents, and a cluster `base` with one policy for the good issuer. */
export function listDocuments(kind: Kind, issuers: string, scale: 'full' | 'small'): Readonly<Record<string, string>> {
  return {
    'clusters/base/AgentAttestation': makePolicies([{ issuer: `${issuers}/good/0` }]),
    ...kind.documents?.(issuers, scale),
  }
}
