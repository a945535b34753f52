// The samples of the page, one or more for each attestor, with evidence and keys in the form in which people paste them.
import { encodeBase64url } from '../../src/core/base64.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { CLOUDS } from './clouds.ts'
import { JOBS } from './jobs.ts'
import { KUBERNETES } from './kubernetes.ts'
import made from './made.json' with { type: 'json' }
import { PROOFS } from './proofs.ts'
import { CHALLENGE, ISSUED_AT_SECONDS, type SampleDefinition, type SampleEvidence } from './sample.ts'

export interface Sample extends Omit<SampleDefinition, 'evidence'> {
  readonly evidence: string
  /** The same as the body of a login, which names the attestor. */
  readonly body: string
  /** Empty where no key is asked for. */
  readonly keys: string
  readonly atSeconds: number
}

export const DEFINITIONS: readonly SampleDefinition[] = [KUBERNETES, ...JOBS, ...CLOUDS, ...PROOFS]

const SIGNATURES: Readonly<Record<string, string>> = made.signatures

export const SAMPLES: readonly Sample[] = DEFINITIONS.map((definition) => {
  const { evidence, attestor, id } = definition
  const isToken = evidence.kind === 'token'
  const token = isToken ? `${makeSigningInput(evidence.claims)}.${SIGNATURES[id] ?? ''}` : ''
  const body = JSON.stringify({ attestations: listAttestations(attestor, evidence, token) }, undefined, 2)
  return {
    ...definition,
    evidence: isToken ? token : body,
    body,
    keys: isToken ? JSON.stringify({ keys: [made.key] }, undefined, 2) : '',
    atSeconds: ISSUED_AT_SECONDS + 60,
  }
})

/** What is signed: the same claims always give the same text. */
export function makeSigningInput(claims: Readonly<Record<string, unknown>>): string {
  const { kid, alg } = made.key
  return [{ alg, kid }, claims].map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.')
}

function listAttestations(type: string, evidence: SampleEvidence, token: string): readonly object[] {
  switch (evidence.kind) {
    case 'body':
      return evidence.attestations
    case 'token':
      return [{ type, evidence: { token } }]
    case 'made':
      return [{ type, evidence: made[evidence.name], ...(type === 'aws_iid' ? {} : { challenge: CHALLENGE }) }]
  }
}
