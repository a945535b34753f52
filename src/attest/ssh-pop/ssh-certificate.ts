// Host certificates of OpenSSH (PROTOCOL.certkeys; draft-ietf-sshm-cert).
import { SSH_PRINCIPALS_MAX } from '../../core/limits.ts'
import { readKeyFields, readSshKey, type SshKey } from './ssh-key.ts'
import { parseSsh } from './ssh-wire.ts'

export interface HostCertificate {
  readonly key: SshKey
  readonly serial: bigint
  readonly keyId: string
  readonly principals: readonly string[]
  /** Seconds since 1970; 2^64 - 1 is for ever. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  /** Names of critical options: what does not understand one must refuse the certificate. */
  readonly criticalOptions: readonly string[]
  readonly authority: SshKey
  /** By the authority, over `signed`. */
  readonly signature: Uint8Array<ArrayBuffer>
  readonly signed: Uint8Array<ArrayBuffer>
}

const SUFFIX = '-cert-v01@openssh.com'
const HOST = 2

/** Whether the blob is of a certificate at all, by its type. */
export function isSshCertificate(blob: Uint8Array<ArrayBuffer>): boolean {
  let type = ''
  parseSsh(blob, (reader) => {
    type = reader.readName()
  })
  return type.endsWith(SUFFIX)
}

/** Reads a host certificate; `undefined` if the bytes are not exactly one, or one of a user. Nothing is verified. */
export function readHostCertificate(blob: Uint8Array<ArrayBuffer>): HostCertificate | undefined {
  return parseSsh(blob, (reader) => {
    const name = reader.readName()
    if (!name.endsWith(SUFFIX)) reader.fail()
    reader.readBytes() // The nonce, which makes the signed bytes unpredictable.
    const key = readKeyFields(name.slice(0, -SUFFIX.length), reader)
    const serial = reader.readUint64()
    if (reader.readUint32() !== HOST) reader.fail()
    const keyId = reader.readText()
    const principals = readList(reader.readBytes()) ?? reader.fail()
    const validAfter = reader.readUint64()
    const validBefore = reader.readUint64()
    const criticalOptions = readOptions(reader.readBytes()) ?? reader.fail()
    // Extensions are not critical (none is defined for hosts), and what is reserved is empty.
    if (readOptions(reader.readBytes()) === undefined || reader.readBytes().length > 0) reader.fail()
    const authority = readSshKey(reader.readBytes()) ?? reader.fail()
    const signed = reader.before()
    const signature = reader.readBytes()
    return {
      ...{ key, serial, keyId, principals, validAfter, validBefore },
      ...{ criticalOptions, authority, signed, signature },
    }
  })
}

function readList(bytes: Uint8Array<ArrayBuffer>): readonly string[] | undefined {
  return parseSsh(bytes, (reader) => {
    const list: string[] = []
    while (!reader.isAtEnd()) {
      if (list.length >= SSH_PRINCIPALS_MAX) reader.fail()
      list.push(reader.readName())
    }
    return list
  })
}

/** Names and values in turn; the names. */
function readOptions(bytes: Uint8Array<ArrayBuffer>): readonly string[] | undefined {
  return parseSsh(bytes, (reader) => {
    const names: string[] = []
    while (!reader.isAtEnd()) {
      if (names.length >= SSH_PRINCIPALS_MAX) reader.fail()
      names.push(reader.readName())
      reader.readBytes()
    }
    return names
  })
}
