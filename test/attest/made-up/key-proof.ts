// Challenge: a policy pins the public key of a device; the device signs what the gateway has just asked it to sign.
import * as v from 'valibot'
import type { Attestor } from '../../../src/attest/attestor.ts'
import { pickClaimed } from '../../../src/attest/claimed.ts'
import { makeRows } from '../../../src/attribute/row.ts'
import { decodeBase64url, encodeBase64url } from '../../../src/core/base64.ts'
import { digestText } from '../../../src/core/digest.ts'
import { writeCanonicalJson } from '../../../src/core/json.ts'
import type { Refusal } from '../../../src/core/refusal.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'

/** Of P-256 (RFC 7518 section 6.2.1). */
export interface DeviceKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

interface Asked {
  /** Of the key that the device is going to prove. */
  readonly thumbprint: string
  readonly purpose: string
}

interface KeyProofShapes {
  evidence: Asked & { readonly receipt: string; readonly signature: string }
  config: { readonly key: DeviceKey; readonly purposes?: readonly string[] | undefined }
  pins: { readonly purposes: readonly string[] | undefined }
  anchor: DeviceKey
  opened: Asked & { readonly message: string; readonly signature: Uint8Array<ArrayBuffer> }
  facts: Asked
  request: Asked
  secret: string
}

/** RFC 7638 */
export function thumbprintOf({ crv, kty, x, y }: DeviceKey): string {
  return digestText(writeCanonicalJson({ crv, kty, x, y }))
}

const text = v.pipe(v.string(), v.nonEmpty())
const coordinate = v.pipe(v.string(), v.regex(/^[\w-]{43}$/, '32 bytes in base64url'))
const asked = { thumbprint: text, purpose: v.pipe(v.string(), v.regex(/^[a-z]{1,20}$/, 'lower-case letters')) }

export const keyProof: Attestor<KeyProofShapes> = {
  type: 'key_proof',
  words: { evidence: 'a proof of a key', summary: 'A signature by the key of a device, made for one challenge.' },
  evidenceSchema: v.strictObject({ ...asked, receipt: text, signature: text }),
  configSchema: v.strictObject({
    key: v.pipe(
      v.strictObject({ kty: v.literal('EC'), crv: v.literal('P-256'), x: coordinate, y: coordinate }),
      v.description('Public key of the device, as a JWK'),
    ),
    purposes: v.optional(v.pipe(v.array(text), v.nonEmpty(), v.description('Purposes, any one of them'))),
  }),
  configOptional: false,
  attributeRows: makeRows('key_proof', 'agent', {
    'key_proof.thumbprint': { identity: true, alphabet: 'identifier', description: 'Thumbprint of the key (RFC 7638)' },
    'key_proof.purpose': { alphabet: 'label', description: 'What the device has asked for' },
  }),

  compile({ key, purposes }) {
    const id = thumbprintOf(key)
    return { anchor: { id, value: key, names: [id] }, pins: { purposes }, scoped: true }
  },

  challengeSchema: v.strictObject(asked),

  /** Whoever sends the proof shows by the receipt that this very answer reached it. */
  async challenge() {
    const secret = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
    return pass({ published: { receipt: digestText(secret) }, secret })
  },

  open({ thumbprint, purpose, receipt, signature: encoded }, challenge) {
    const signature = decodeBase64url(encoded)
    if (challenge === undefined || signature === undefined) return refuse(MALFORMED)
    const { id, request, secret, message } = challenge
    const isAnswer = request.thumbprint === thumbprint && request.purpose === purpose && receipt === digestText(secret)
    if (!isAnswer) return refuse(OTHER_REQUEST)
    return pass({ name: thumbprint, digestible: id, value: { thumbprint, purpose, message, signature } })
  },

  readClaimed: ({ thumbprint, purpose }) => pickClaimed({ keyId: thumbprint, subject: purpose }),

  async verify({ thumbprint, purpose, message, signature }, { value: jwk }) {
    if (thumbprintOf(jwk) !== thumbprint) return refuse(KEY_UNKNOWN)
    const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('jwk', { ...jwk }, ecdsa, false, ['verify']).catch(() => undefined)
    if (key === undefined) return refuse(KEY_UNUSABLE)
    const isSigned = await crypto.subtle.verify(ecdsa, key, signature, encodeUtf8(message))
    if (!isSigned) return refuse(FORGED)
    return pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: { thumbprint, purpose } })
  },

  *checks({ purpose }, { purposes }) {
    if (purposes === undefined) return
    const detail = 'the policy does not accept the purpose'
    const refusal: Refusal = { code: 'condition_failed', detail, audit: { purposes } }
    const isAccepted = purposes.includes(purpose)
    yield { name: 'purpose', expected: purposes, actual: purpose, refusal: isAccepted ? undefined : refusal }
  },

  attributes: ({ thumbprint, purpose }) => [
    { origin: 'key_proof', name: 'key_proof.thumbprint', value: thumbprint },
    { origin: 'key_proof', name: 'key_proof.purpose', value: purpose },
  ],

  restore(attributes) {
    const thumbprint = attributes.get('key_proof.thumbprint')
    const purpose = attributes.get('key_proof.purpose')
    return typeof thumbprint === 'string' && typeof purpose === 'string'
      ? { facts: { thumbprint, purpose } }
      : undefined
  },
}

const MALFORMED: Refusal = { code: 'token_malformed', detail: 'the signature is not base64url' }
const OTHER_REQUEST: Refusal = {
  code: 'challenge_mismatch',
  detail: 'the challenge was given for another request: send what it was asked for with',
}
const KEY_UNKNOWN: Refusal = { code: 'signing_key_unknown', detail: 'no policy knows the key of this device' }
const KEY_UNUSABLE: Refusal = { code: 'signing_key_unusable', detail: 'the key of the policy is no point of P-256' }
const FORGED: Refusal = { code: 'signature_invalid', detail: 'the signature is not by that key over this challenge' }
