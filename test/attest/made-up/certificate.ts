// A self-signed certificate of P-256 for tests (RFC 5280 section 4.1), written by hand: no program has to be installed.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface Certified {
  readonly privateKey: KeyObject
  readonly pem: string
}

/** DER (X.690 section 8.1): tag, length, content. */
function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Uint8Array.from(head), content])
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents)
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'))
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const COMMON_NAME = oid('550403')

export function makeCertificate(name: string): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = sequence(tlv(0x31, sequence(COMMON_NAME, tlv(0x0c, Buffer.from(name)))))
  const validity = sequence(...['250101000000Z', '491231235959Z'].map((time) => tlv(0x17, Buffer.from(time))))
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const version = tlv(0xa0, tlv(0x02, Uint8Array.of(2)))
  const toBeSigned = sequence(version, tlv(0x02, Uint8Array.of(1)), ECDSA_WITH_SHA256, subject, validity, subject, spki)
  const signature = tlv(0x03, Uint8Array.of(0), sign('sha256', toBeSigned, privateKey))
  const base64 = sequence(toBeSigned, ECDSA_WITH_SHA256, signature).toString('base64')
  return { privateKey, pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n` }
}
