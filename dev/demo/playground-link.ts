// The address of the playground with the documents, the login and the pod of the demo in its fragment, which no browser sends.
import { readFileSync } from 'node:fs'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { packState, type SharedState } from '../../playground/share/shared-state.ts'
import { parseDocumentKey } from '../../src/config/document-key.ts'
import { isSectionName } from '../../src/config/sections/table.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { CLUSTER, type DemoDocument } from './documents.ts'
import type { Told } from './story.ts'

interface Demo extends Told {
  /** URL of the gateway. */
  readonly gateway: string
  /** Settings of the gateway by name. */
  readonly settings: Readonly<Record<string, string>>
  readonly documents: readonly DemoDocument[]
  readonly podFile: string
}

/** Makes the link. It holds the claims of the token in its place. */
export async function makePlaygroundLink({
  gateway,
  settings,
  documents,
  token,
  keys,
  podFile,
}: Demo): Promise<string> {
  const evidence = { claims: decodeJwt(token), header: decodeProtectedHeader(token) }
  const state: SharedState = {
    settings: {
      trustDomain: settings['TRUST_DOMAIN'] ?? '',
      clusterId: CLUSTER,
      issuerUrl: gateway,
      audience: '',
      clockSkewSeconds: 30,
      allowLoopbackIssuers: true,
      privateIssuers: '',
    },
    documents: documents.flatMap(placeDocument),
    baseline: undefined,
    tests: undefined,
    role: 'agent',
    evidence: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence }] }, undefined, 2),
    keys,
    workload: readFileSync(podFile, 'utf8'),
    container: '',
    atSeconds: undefined,
  }
  const packed = await packState(state)
  return `${gateway}/playground/${'fragment' in packed ? packed.fragment : ''}`
}

function placeDocument({ key, text }: DemoDocument): readonly PlacedDocument[] {
  const parsed = parseDocumentKey(key)
  if (parsed === undefined || !isSectionName(parsed.section)) return []
  return [{ scope: parsed.clusterId === undefined ? 'trust-domain' : 'cluster', section: parsed.section, text }]
}
