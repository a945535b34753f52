// A private certificate authority for tests, made by openssl as an operator would make one. Its files live until `remove`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestCa {
  /** For `NODE_EXTRA_CA_CERTS` and `DENO_CERT`. */
  readonly file: string
  /** The same as PEM. */
  readonly pem: string
  /** A server's certificate with these names: as `DNS:localhost` or `IP:127.0.0.1`. */
  issue(names: readonly string[]): { readonly key: string; readonly cert: string }
  remove(): void
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export function makeTestCa(): TestCa {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ca-'))
  const [file, keyFile] = [join(folder, 'ca.pem'), join(folder, 'ca.key')]
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
  openssl('req', '-x509', ...EC, '-days', '2', '-subj', '/CN=test CA', '-keyout', keyFile, '-out', file)
  let issued = 0

  return {
    file,
    pem: readFileSync(file, 'utf8'),
    issue(names) {
      const [key, cert] = ['key', 'pem'].map((end) => join(folder, `${++issued}.${end}`)) as [string, string]
      const extension = `subjectAltName=${names.join(',')}`
      const by = ['-CA', file, '-CAkey', keyFile, '-days', '1', '-addext', extension]
      openssl('req', '-x509', ...EC, ...by, '-subj', '/CN=issuer', '-keyout', key, '-out', cert)
      return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
