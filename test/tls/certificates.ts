// A certification authority for tests, made by `openssl` in a folder of its own, and what may be wrong with a server's
// certificate, one kind each. Nothing here is trusted by any machine.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ServerCertificate {
  readonly key: string
  readonly cert: string
}

/** Each but `good` has one fault; all but `unknown_authority` are signed by the authority of `caFile`. */
export type CertificateKind = 'good' | 'wrong_name' | 'expired' | 'not_yet_valid' | 'unknown_authority' | 'self_signed'

export interface Certificates {
  /** PEM of the authority that signed them. */
  readonly caFile: string
  /** PEM of the authority of `unknown_authority`. */
  readonly strangerFile: string
  readonly of: (kind: CertificateKind) => ServerCertificate
  remove(): void
}

const LOOPBACK = 'DNS:localhost,IP:127.0.0.1'
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const PAST = ['20200101000000Z', '20200201000000Z'] as const
const NOW = ['20200101000000Z', '20990101000000Z'] as const
const FUTURE = ['20980101000000Z', '20990101000000Z'] as const

/** `openssl ca` alone can date a certificate to the past. */
const CA_CONFIG = `[ca]
default_ca = it
[it]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')

  writeFileSync(join(folder, 'ca.cnf'), CA_CONFIG)
  writeFileSync(join(folder, 'index.txt'), '')
  writeFileSync(join(folder, 'serial'), '1000')
  for (const ca of ['ca', 'stranger']) {
    const [key, cert] = ['-keyout', '-out'].map((flag, at) => [flag, `${ca}.${at === 0 ? 'key' : 'pem'}`])
    openssl('req', '-x509', ...NEW_KEY, ...(key ?? []), ...(cert ?? []), '-days', '30', '-subj', `/CN=test ${ca}`)
  }

  function sign(name: string, ca: string, names: string, [from, to]: readonly [string, string]): ServerCertificate {
    openssl('req', '-new', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`)
    const issuer = ['-config', 'ca.cnf', '-cert', `${ca}.pem`, '-keyfile', `${ca}.key`, '-batch', '-notext']
    const dates = ['-startdate', from, '-enddate', to]
    openssl('ca', ...issuer, ...dates, '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`)
    return { key: pem(`${name}.key`), cert: pem(`${name}.pem`) }
  }

  function selfSign(name: string): ServerCertificate {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${LOOPBACK}`]
    openssl('req', '-x509', ...NEW_KEY, ...files, ...subject, '-days', '30')
    return { key: pem(`${name}.key`), cert: pem(`${name}.pem`) }
  }

  const made: Readonly<Record<CertificateKind, ServerCertificate>> = {
    good: sign('good', 'ca', LOOPBACK, NOW),
    wrong_name: sign('wrong_name', 'ca', 'DNS:elsewhere.example.com', NOW),
    expired: sign('expired', 'ca', LOOPBACK, PAST),
    not_yet_valid: sign('not_yet_valid', 'ca', LOOPBACK, FUTURE),
    unknown_authority: sign('unknown_authority', 'stranger', LOOPBACK, NOW),
    self_signed: selfSign('self_signed'),
  }
  return {
    caFile: join(folder, 'ca.pem'),
    strangerFile: join(folder, 'stranger.pem'),
    of: (kind) => made[kind],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
