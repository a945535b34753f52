// The counterparts of the list, shared by all hosts: issuers on loopback, hosts and authorities made by real tools, and the
// secrets of the gateway, by which a row makes sessions and challenges that time or an attacker would.
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { makeSealKey } from '../../../src/cli/keys/dev-environment.ts'
import { readSettings } from '../../../src/runtime/settings.ts'
import { sealChallenge } from '../../../src/token/challenge.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import { type AwsRegion, openAws } from '../../attest/aws-iid/aws-region.ts'
import { type AnsweringHost, startAnsweringHost } from '../../attest/http-dns/answering-host.ts'
import { openSshHosts, type SshHosts } from '../../attest/ssh-pop/ssh-hosts.ts'
import { type MadeTpm, makeTpm, TPM_KINDS, type TpmKind } from '../../attest/tpm-ek/made-tpm.ts'
import { AUTHORITY, CLIENT, KEYS, openX509Hosts, type X509Hosts } from '../../attest/x509-pop/x509-hosts.ts'
import { OPENSSL, SSH_KEYGEN } from '../../installed.ts'
import { createSigningKey, startIssuer, type TestIssuer } from '../../token/issuer.ts'
import { type ListedWebhooks, startListedWebhook } from './listed-webhook.ts'

export interface Counterparts {
  readonly secrets: { readonly SESSION_SIGNING_KEYS: string; readonly SEAL_KEYS: string; readonly WEBHOOKS: string }
  readonly webhooks: ListedWebhooks
  readonly issuer: TestIssuer
  /** Publishes two keys, and its tokens name none. */
  readonly twoKeys: TestIssuer
  /** Publishes an RSA key with the exponent 3. */
  readonly weak: TestIssuer
  /** Cuts every connection. */
  readonly down: TestIssuer
  readonly ssh: SshHosts
  readonly x509: X509Hosts
  readonly aws: AwsRegion
  readonly tpms: Readonly<Record<TpmKind, MadeTpm>>
  /** A host that proves its name, on loopback. */
  readonly answering: AnsweringHost
  /** A session, signed again with claims changed. */
  resign(session: string, change: Readonly<Record<string, unknown>>): Promise<string>
  /** A challenge of this gateway, sealed at another time or for another login. */
  seal(login: { readonly id: string; readonly url: string }, type: string, secondsAgo: number): Promise<string>
  stop(): Promise<void>
}

export async function openCounterparts(): Promise<Counterparts> {
  const webhooks = await startListedWebhook()
  const secrets = {
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    SEAL_KEYS: makeSealKey(),
    WEBHOOKS: webhooks.setting,
  }
  const read = readSettings(
    { TRUST_DOMAIN: 'example.org', ISSUER_URL: 'https://login.example.org', ...secrets, WEBHOOKS: '' },
    { canResolve: true },
  )
  if (!read.ok) throw new Error(read.problems.join())
  const { sessionKeys, sealKeys } = read.value
  const [issuer, twoKeys, weak, down, answering] = await Promise.all([
    startIssuer({ alg: 'RS256' }),
    startIssuer(),
    startIssuer({ alg: 'RS256' }),
    startIssuer(),
    startAnsweringHost(),
  ])
  twoKeys.publish([twoKeys.newestKey().publicJwk, (await createSigningKey('key-2')).publicJwk])
  weak.publish([{ ...weak.newestKey().publicJwk, e: 'Aw' }])
  down.setDown(true)
  const [ssh, x509, aws] = [
    SSH_KEYGEN ? makeSsh() : undefined,
    OPENSSL ? makeX509() : undefined,
    OPENSSL ? openAws() : undefined,
  ]
  aws?.pem('eu-west-1')
  return {
    secrets,
    webhooks,
    issuer,
    twoKeys,
    weak,
    down,
    ssh: ssh as SshHosts,
    x509: x509 as X509Hosts,
    aws: aws as AwsRegion,
    tpms: Object.fromEntries(TPM_KINDS.map((kind) => [kind, makeTpm(kind)])) as Record<TpmKind, MadeTpm>,
    answering,
    async resign(session, change) {
      const { signer } = sessionKeys
      const claims = Object.entries({ ...decodeJwt(session), ...change }).filter(([, value]) => value !== undefined)
      return new SignJWT(Object.fromEntries(claims))
        .setProtectedHeader({ ...decodeProtectedHeader(session), alg: signer.alg })
        .sign(await signer.key())
    },
    async seal({ id, url }, type, secondsAgo) {
      const scope = { type, role: 'agent', clusterId: id, issuerUrl: url } as const
      const now = Math.floor(Date.now() / 1000) - secondsAgo
      const challenge = { id: crypto.randomUUID(), request: null, secret: null }
      return (await sealChallenge(challenge, scope, sealKeys, now)) ?? ''
    },
    async stop() {
      ssh?.tool.remove()
      x509?.tool.remove()
      aws?.remove()
      await Promise.all([issuer, twoKeys, weak, down, webhooks.webhook, answering].map((one) => one.stop()))
    },
  }
}

function makeSsh(): SshHosts {
  const ssh = openSshHosts()
  for (const name of ['ca', 'other', 'host', 'old', 'user', 'optional', 'stranger']) ssh.key(name)
  ssh.certify('host', 'ca')
  ssh.certify('old', 'ca', '-V', '20200101:20210101')
  ssh.certify('optional', 'ca', '-O', 'critical:foo@example.org=bar')
  ssh.certify('stranger', 'other')
  return ssh
}

function makeX509(): X509Hosts {
  const x509 = openX509Hosts()
  const rsa = KEYS['RS256'] ?? []
  x509.make('root', { extensions: AUTHORITY })
  x509.make('other-root', { extensions: AUTHORITY })
  x509.make('host', { issuer: 'root', extensions: CLIENT })
  x509.make('server', { issuer: 'root', extensions: ['extendedKeyUsage = serverAuth'] })
  x509.make('azure-root', { key: rsa, extensions: AUTHORITY })
  const names = (name: string) => [
    'keyUsage = digitalSignature',
    'extendedKeyUsage = serverAuth',
    `subjectAltName = DNS:${name}`,
  ]
  x509.make('azure', { key: rsa, issuer: 'azure-root', extensions: names('metadata.azure.com') })
  return x509
}
