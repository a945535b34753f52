// Warm logins by other evidence than a token, and by two pieces of it. A challenge is good for a minute, so that time stands
// still for those that need one; they log in by one challenge, without a store of used ones.
import { readFileSync } from 'node:fs'
import { openSshHosts } from '../attest/ssh-pop/ssh-hosts.ts'
import { AUTHORITY, CLIENT, openX509Hosts } from '../attest/x509-pop/x509-hosts.ts'
import { OPENSSL, SSH_KEYGEN } from '../installed.ts'
import { agentsKey } from './documents.ts'
import { createBenchGateway } from './gateway.ts'
import type { Work } from './spent.ts'

interface Attested {
  readonly type: string
  readonly evidence: object
  readonly challenge?: string
}

const CLUSTER = 'bench'
const real = (name: string): string => readFileSync(new URL(`../attest/aws-iid/real/${name}`, import.meta.url), 'utf8')

/** Rows for what is installed. */
export async function* evidenceVariants(
  settings: Readonly<Record<string, string>>,
  module: WebAssembly.Module,
  token: string,
  issuerURL: string,
): AsyncGenerator<{ readonly what: string; readonly work: Work }> {
  const environment: Readonly<Record<string, string>> = { ...settings, SEAL_KEYS: 'A'.repeat(43) }
  const section = (name: string, spec: object): string => JSON.stringify({ section: name, schema: 'v1', spec })
  const certificates = { certificates: [{ region: 'us-west-2', pem: real('us-west-2.pem') }] }

  function open(requiredAttestors: readonly object[]) {
    const now = Date.now()
    const documents = {
      [agentsKey(CLUSTER)]: section('AgentAttestation', { policies: [{ name: 'p', requiredAttestors }] }),
      'trust-domain/AWSCertificates': section('AWSCertificates', certificates),
    }
    const app = createBenchGateway({ environment, documents, module, clock: () => now })
    const post = async (path: string, body: string) => {
      const headers = { 'Content-Type': 'application/json' }
      const response = await app.request(`/v1/clusters/${CLUSTER}/${path}`, { method: 'POST', headers, body })
      const answer = await response.text()
      if (response.status !== 200) throw new Error(answer)
      return answer
    }
    return {
      async challenge(type: string): Promise<{ readonly challenge: string; readonly message: string }> {
        const { challenge } = JSON.parse(await post('challenge', JSON.stringify({ type }))) as { challenge: string }
        const url = environment['ISSUER_URL'] ?? ''
        return { challenge, message: ['postern-login/1', url, 'agent', CLUSTER, challenge].join('\n') }
      },
      logIn(...attestations: readonly Attested[]): Work {
        const body = JSON.stringify({ attestations })
        return async () => void (await post('login', body))
      },
    }
  }

  const aws: Attested = { type: 'aws_iid', evidence: { pkcs7: real('us-west-2.pkcs7') } }
  const k8s = { type: 'k8s_token', config: { issuerURL } }
  yield { what: 'aws_iid, a document that AWS signed', work: open([{ type: 'aws_iid' }]).logIn(aws) }
  yield {
    what: 'two pieces of evidence: k8s_token and aws_iid',
    work: open([k8s, { type: 'aws_iid' }]).logIn({ type: 'k8s_token', evidence: { token } }, aws),
  }
  if (SSH_KEYGEN) {
    const hosts = openSshHosts()
    hosts.key('ca')
    hosts.key('host')
    hosts.certify('host', 'ca')
    const gateway = open([{ type: 'ssh_pop', config: { certAuthorities: [hosts.key('ca')] } }])
    const { challenge, message } = await gateway.challenge('ssh_pop')
    const signature = hosts.sign('host-cert.pub', message, `login@${environment['TRUST_DOMAIN']}`)
    hosts.tool.remove()
    yield {
      what: 'ssh_pop, certificate and key of Ed25519',
      work: gateway.logIn({ type: 'ssh_pop', evidence: { signature }, challenge }),
    }
  }
  if (!OPENSSL) return
  const hosts = openX509Hosts()
  hosts.make('root', { extensions: AUTHORITY })
  hosts.make('host', { issuer: 'root', extensions: CLIENT })
  const gateway = open([{ type: 'x509_pop', config: { certAuthorities: [hosts.pem('root')] } }])
  const { challenge, message } = await gateway.challenge('x509_pop')
  const evidence = { certificates: hosts.pem('host'), alg: 'ES256', signature: hosts.sign('host', message, 'ES256') }
  hosts.tool.remove()
  yield {
    what: 'x509_pop, certificate and key of P-256',
    work: gateway.logIn({ type: 'x509_pop', evidence, challenge }),
  }
}
