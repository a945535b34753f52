// Evidence without what makes it evidence: of a token its header and claims, without the signature. What is shared can then
// be explained, and is no use for a login.
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { readPastedEvidence } from '../../src/explain/read-pasted-evidence.ts'
import { parseTokenForm } from '../../src/token/parse.ts'

export interface StrippedEvidence {
  readonly text: string
  /** What is left out, as clauses. */
  readonly omitted: readonly string[]
}

/** Strips pasted evidence. What cannot be read as a token or the body of a login is left out whole. */
export function stripEvidence(pasted: string): StrippedEvidence {
  const text = readPastedEvidence(pasted)
  if (text === '') return { text: '', omitted: [] }
  if (!text.startsWith('{')) {
    const claims = stripToken(text)
    return claims === undefined ? LEFT_OUT : { text: JSON.stringify(claims, undefined, 2), omitted: ['the signature'] }
  }
  const json = parseJson(text, JSON_DEPTH_MAX)
  const attestations = json.ok && isJsonObject(json.value) ? json.value['attestations'] : undefined
  if (!Array.isArray(attestations)) return LEFT_OUT
  const omitted: string[] = []
  const kept = (attestations as readonly Json[]).flatMap((attestation) => {
    const stripped = stripAttestation(attestation)
    omitted.push(stripped.omitted)
    return stripped.attestation === undefined ? [] : [stripped.attestation]
  })
  if (kept.length === 0) return { text: '', omitted }
  return { text: JSON.stringify({ attestations: kept }, undefined, 2), omitted }
}

const LEFT_OUT: StrippedEvidence = { text: '', omitted: ['the evidence, which is not a token or the body of a login'] }

function stripAttestation(attestation: Json): { readonly attestation?: JsonObject; readonly omitted: string } {
  const [type, evidence] = isJsonObject(attestation) ? [attestation['type'], attestation['evidence']] : []
  const token = isJsonObject(evidence) ? evidence['token'] : undefined
  const claims = typeof token === 'string' ? stripToken(token) : undefined
  if (typeof type !== 'string') return { omitted: 'evidence without a type' }
  return claims === undefined
    ? { omitted: `the evidence of ${type}, which is not a token` }
    : { attestation: { type, evidence: claims }, omitted: `the signature of ${type}` }
}

/** Members of the header that name a key; `x5c` and the like are long, and no key is taken from them. */
const KEPT_HEADER = ['alg', 'kid', 'typ']

function stripToken(token: string): JsonObject | undefined {
  const form = parseTokenForm(token)
  if (!form.ok) return undefined
  const { header, claims } = form.value
  const kept = Object.entries(header).filter(([name]) => KEPT_HEADER.includes(name))
  return { header: Object.fromEntries(kept), claims }
}
