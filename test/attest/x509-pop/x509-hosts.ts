// Authorities and hosts that real openssl makes, and signatures by their keys.
import { type Openssl, openOpenssl } from '../../openssl.ts'

export interface CertificateOptions {
  /** Arguments of `openssl genpkey`. */
  readonly key?: readonly string[]
  /** Who issues it; itself by default. */
  readonly issuer?: string
  readonly subject?: string
  /** Lines of the section of extensions. */
  readonly extensions?: readonly string[]
  readonly days?: number
  /** Further arguments of `openssl x509 -req`. */
  readonly more?: readonly string[]
}

export interface X509Hosts {
  readonly tool: Openssl
  /** Makes a key and a certificate once; the certificate in PEM. */
  make(name: string, options?: CertificateOptions): string
  pem(...names: readonly string[]): string
  /** Signs as `openssl dgst -sign` or `openssl pkeyutl` do; in base64. */
  sign(name: string, message: string, alg: string): string
}

export const KEYS: Readonly<Record<string, readonly string[]>> = {
  RS256: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  PS256: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ES256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ES384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ES512: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  EdDSA: ['-algorithm', 'ED25519'],
}
const DIGESTS: Readonly<Record<string, string>> = {
  RS256: 'sha256',
  PS256: 'sha256',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
}

export const AUTHORITY = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'] as const
export const CLIENT = [
  'basicConstraints = CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = clientAuth',
] as const

export function openX509Hosts(): X509Hosts {
  const tool = openOpenssl()
  const made = new Map<string, string>()
  return {
    tool,
    make(name, options = {}) {
      const known = made.get(name)
      if (known !== undefined) return known
      const {
        key = KEYS['ES256'] ?? [],
        issuer,
        subject = `/CN=${name}`,
        extensions = [],
        days = 30,
        more = [],
      } = options
      tool.run('genpkey', ...key, '-out', `${name}.key`)
      tool.write(`${name}.cnf`, `[req]\ndistinguished_name = dn\n[dn]\n[extensions]\n${extensions.join('\n')}\n`)
      tool.run('req', '-new', '-key', `${name}.key`, '-subj', subject, '-config', `${name}.cnf`, '-out', `${name}.csr`)
      const by =
        issuer === undefined
          ? ['-signkey', `${name}.key`]
          : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial']
      const extended = extensions.length === 0 ? [] : ['-extfile', `${name}.cnf`, '-extensions', 'extensions']
      tool.run(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        ...by,
        '-days',
        String(days),
        ...extended,
        ...more,
        '-out',
        `${name}.crt`,
      )
      const text = tool.readText(`${name}.crt`)
      made.set(name, text)
      return text
    },
    pem: (...names) => names.map((name) => tool.readText(`${name}.crt`)).join(''),
    sign(name, message, alg) {
      tool.write('message', message)
      const key = `${name}.key`
      if (alg === 'EdDSA') {
        tool.run('pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', 'message', '-out', 'signature')
      } else {
        const padding = alg === 'PS256' ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'] : []
        tool.run('dgst', `-${DIGESTS[alg] ?? 'sha256'}`, ...padding, '-sign', key, '-out', 'signature', 'message')
      }
      return tool.read('signature').toString('base64')
    },
  }
}
