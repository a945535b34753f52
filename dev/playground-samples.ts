// `npm run samples`: makes the signatures of the playground's samples by a new key, which is then thrown away, and what the
// tools of platforms make: signed documents and proofs. It needs openssl and ssh-keygen.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CLOUDS } from '../playground/samples/clouds.ts'
import { JOBS } from '../playground/samples/jobs.ts'
import { KUBERNETES } from '../playground/samples/kubernetes.ts'
import { encodeBase64url } from '../src/core/base64.ts'
import { encodeUtf8 } from '../src/core/utf8.ts'
import { DOCUMENT, openAws } from '../test/attest/aws-iid/aws-region.ts'
import { openSshHosts } from '../test/attest/ssh-pop/ssh-hosts.ts'
import { AUTHORITY, CLIENT, openX509Hosts } from '../test/attest/x509-pop/x509-hosts.ts'

/** Of P-256: its signatures are a quarter of RSA's, and nothing in a download is compressed less. */
const KEY = { alg: 'ES256', kid: 'sample-2026', use: 'sig' } as const
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

const { privateKey, publicKey } = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)

const signatures: Record<string, string> = {}
for (const { id, evidence } of [KUBERNETES, ...JOBS, ...CLOUDS]) {
  if (evidence.kind !== 'token') continue
  const parts = [{ alg: KEY.alg, kid: KEY.kid }, evidence.claims]
  const input = parts.map((part) => encodeBase64url(encodeUtf8(JSON.stringify(part)))).join('.')
  const signature = await crypto.subtle.sign(ECDSA, privateKey, encodeUtf8(input))
  signatures[id] = encodeBase64url(new Uint8Array(signature))
}

const aws = openAws()
const ssh = openSshHosts()
const x509 = openX509Hosts()
ssh.key('ca')
ssh.key('node-1')
ssh.certify('node-1', 'ca')
x509.make('root', { extensions: AUTHORITY })
x509.make('host', { issuer: 'root', extensions: CLIENT })
const machine = { vmId: '316ea285-b878-4d20-a9fe-2e1c79b0f083', subscriptionId: 'aaaaaaaa-0000-0000-0000-000000000001' }
const text = {
  key: { kty, crv, x, y, ...KEY },
  signatures,
  awsCertificate: aws.pem('eu-west-1'),
  awsPkcs7: { pkcs7: aws.sign(DOCUMENT, 'eu-west-1') },
  azureDocument: { signature: aws.sign({ nonce: 'sample', ...machine }, 'eu-west-1').replaceAll('\n', '') },
  sshAuthority: ssh.key('ca').split(' ').slice(0, 2).join(' '),
  sshSignature: { signature: ssh.sign('node-1-cert.pub', 'postern-login/1') },
  x509Authority: x509.pem('root'),
  x509Proof: {
    certificates: x509.pem('host'),
    alg: 'ES256',
    signature: x509.sign('host', 'postern-login/1', 'ES256'),
  },
}
writeFileSync(
  fileURLToPath(new URL('../playground/samples/made.json', import.meta.url)),
  `${JSON.stringify(text, undefined, 2)}\n`,
)
for (const made of [aws, ssh.tool, x509.tool]) made.remove()
