// Signatures that `ssh-keygen -Y sign` writes (PROTOCOL.sshsig of OpenSSH).
import { decodeBase64 } from '../../core/base64.ts'
import { concatBytes } from '../../core/bytes.ts'
import { SSHSIG_MAX_LENGTH } from '../../core/limits.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { parseSsh, writeString } from './ssh-wire.ts'

export interface SshSignature {
  /** The key or the certificate of the signer. */
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly namespace: string
  readonly hash: 'SHA-256' | 'SHA-512'
  readonly signature: Uint8Array<ArrayBuffer>
}

const BEGIN = '-----BEGIN SSH SIGNATURE-----'
const END = '-----END SSH SIGNATURE-----'
const MAGIC = encodeUtf8('SSHSIG')
const HASHES: Readonly<Record<string, SshSignature['hash']>> = { sha256: 'SHA-256', sha512: 'SHA-512' }

/** Reads an armoured signature; `undefined` if the text is not exactly one. */
export function readSshSignature(text: string): SshSignature | undefined {
  if (text.length > SSHSIG_MAX_LENGTH) return undefined
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim())
  if (lines[0] !== BEGIN || lines.at(-1) !== END || lines.indexOf(END) !== lines.length - 1) return undefined
  const bytes = decodeBase64(lines.slice(1, -1).join(''))
  if (bytes === undefined || !MAGIC.every((byte, index) => bytes[index] === byte)) return undefined
  return parseSsh(bytes.slice(MAGIC.length), (reader) => {
    if (reader.readUint32() !== 1) reader.fail()
    const publicKey = reader.readBytes()
    const namespace = reader.readName()
    // Reserved, and signed as well: what a later version puts there is not understood here.
    if (reader.readBytes().length > 0) reader.fail()
    const name = reader.readName()
    const hash = Object.hasOwn(HASHES, name) ? HASHES[name] : undefined
    return hash === undefined ? reader.fail() : { publicKey, namespace, hash, signature: reader.readBytes() }
  })
}

/** The bytes that a signature is over: never the message itself, so that no signature for another protocol is one. */
export async function writeSigned(
  { namespace, hash }: Pick<SshSignature, 'namespace' | 'hash'>,
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const digest = new Uint8Array(await crypto.subtle.digest(hash, message))
  const name = hash === 'SHA-256' ? 'sha256' : 'sha512'
  const parts = [namespace, '', name].map((part) => writeString(encodeUtf8(part)))
  return concatBytes([MAGIC, ...parts, writeString(digest)])
}
