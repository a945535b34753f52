// Hosts and authorities that real ssh-keygen makes.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Openssl, openOpenssl } from '../../openssl.ts'

/** Type and bits, as `ssh-keygen -t` and `-b` take them. */
export const KEY_TYPES = [
  ['ed25519'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
  ['rsa', '2048'],
  ['rsa', '3072'],
] as const
export type KeyType = readonly [type: string, bits?: string]

export interface SshHosts {
  /** Makes a key pair once; the line of its public key. */
  key(name: string, type?: KeyType): string
  /** Certifies the key of a host; further arguments of `ssh-keygen -s`. */
  certify(name: string, authority: string, ...more: readonly string[]): void
  /** Signs as `ssh-keygen -Y sign` does. @param signer the file to give to `-f` */
  sign(signer: string, message: string, namespace?: string, ...more: readonly string[]): string
  readonly tool: Openssl
}

export function openSshHosts(): SshHosts {
  const tool = openOpenssl('ssh-keygen')
  const made = new Set<string>()
  return {
    tool,
    key(name, keyType = ['ed25519']) {
      const [type, bits] = keyType
      if (!made.has(name))
        tool.run('-q', '-t', type, ...(bits === undefined ? [] : ['-b', bits]), '-N', '', '-C', name, '-f', name)
      made.add(name)
      return tool.readText(`${name}.pub`).trim()
    },
    certify(name, authority, ...more) {
      const principals = more.includes('-n') ? [] : ['-n', `${name}.example.org`]
      tool.run('-q', '-s', authority, '-h', '-I', `${name} id`, '-z', '42', ...principals, ...more, `${name}.pub`)
    },
    sign(signer, message, namespace = 'login@example.org', ...more) {
      tool.write('message', message)
      // It asks before it overwrites one.
      rmSync(join(tool.folder, 'message.sig'), { force: true })
      tool.run('-q', '-Y', 'sign', '-f', signer, '-n', namespace, ...more, 'message')
      return tool.readText('message.sig')
    },
  }
}
