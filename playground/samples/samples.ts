// The samples of the page, one or more for each attestor, with evidence and keys in the form in which people paste them.
import { encodeBase64url } from '../../src/core/base64.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { CLOUDS } from './clouds.ts'
import { JOBS } from './jobs.ts'
import { KUBERNETES } from './kubernetes.ts'
import made from './made.json' with { type: 'json' }
import { PROOFS } from './proofs.ts'
import { ISSUED_AT_SECONDS, type SampleDefinition } from './sample.ts'

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
  const body = writeBody(attestor, isToken ? { token } : made[evidence.name], evidence.kind)
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

/** A challenge comes from the gateway and goes back as it came; that of a sample stands for one. */
function writeBody(type: string, evidence: object, kind: SampleDefinition['evidence']['kind']): string {
  const hasChallenge = kind === 'made' && type !== 'aws_iid'
  const challenge = hasChallenge ? { challenge: 'as-the-gateway-gave-it' } : {}
  return JSON.stringify({ attestations: [{ type, evidence, ...challenge }] }, undefined, 2)
}
