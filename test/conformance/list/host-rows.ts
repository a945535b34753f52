// Proofs by the keys of hosts, and the signed documents of clouds, made by ssh-keygen and openssl.
import { DOCUMENT } from '../../attest/aws-iid/aws-region.ts'
import { OPENSSL, SSH_KEYGEN } from '../../installed.ts'
import { type At, login, policy, post, type Row, type Sent } from './row.ts'

async function challenge(at: At, type: string): Promise<{ readonly challenge: string; readonly nonce: string }> {
  const { challenge: sealed = '', nonce = '' } = await at.ask(post(`/v1/clusters/${at.id}/challenge`, { type }))
  return { challenge: sealed, nonce }
}
const messageFor = ({ url, id }: At, sealed: string): string => ['postern-login/1', url, 'agent', id, sealed].join('\n')

interface SshOptions {
  readonly config?: (key: (name: string) => string) => object
  readonly signer?: string
  readonly namespace?: string
  readonly message?: (text: string) => string
  readonly change?: (signature: string) => string
  /** In place of the one that was asked for. */
  readonly sealed?: (at: At, given: string) => string | undefined | Promise<string | undefined>
}
function ssh(name: string, told: string, options: SshOptions = {}): Row {
  const { config = (key) => ({ certAuthorities: [key('ca')], canonicalDomain: 'example.org' }) } = options
  const { signer = 'host-cert.pub', namespace, message = (text) => text, change = (text) => text, sealed } = options
  return {
    name: `an SSH host: ${name}`,
    told,
    isSkipped: !SSH_KEYGEN,
    sections: (world) => policy([{ type: 'ssh_pop', config: config((key) => world.ssh.key(key)) }]),
    async send(at) {
      const { challenge: given } = await challenge(at, 'ssh_pop')
      const signature = change(at.world.ssh.sign(signer, message(messageFor(at, given)), namespace))
      const sent = sealed === undefined ? given : await sealed(at, given)
      return login(at, { type: 'ssh_pop', evidence: { signature }, ...(sent === undefined ? {} : { challenge: sent }) })
    },
  }
}

interface X509Options {
  readonly root?: string
  readonly leaf?: string
  readonly more?: object
  readonly edit?: (certificates: string) => string
  readonly signature?: (signature: string) => string
}
function x509(name: string, told: string, options: X509Options = {}): Row {
  const { root = 'root', leaf = 'host', more = {}, edit = (pem) => pem, signature = (text) => text } = options
  return {
    name: `an X.509 host: ${name}`,
    told,
    isSkipped: !OPENSSL,
    sections: (world) => policy([{ type: 'x509_pop', config: { certAuthorities: [world.x509.pem(root)], ...more } }]),
    async send(at) {
      const { challenge: given } = await challenge(at, 'x509_pop')
      const signed = signature(at.world.x509.sign(leaf, messageFor(at, given), 'ES256'))
      const evidence = { certificates: edit(at.world.x509.pem(leaf)), alg: 'ES256', signature: signed }
      return login(at, { type: 'x509_pop', evidence, challenge: given })
    },
  }
}

function aws(
  name: string,
  told: string,
  config: object,
  document: object | string = DOCUMENT,
  region = 'eu-west-1',
): Row {
  return {
    name: `an instance of EC2: ${name}`,
    told,
    isSkipped: !OPENSSL,
    sections: () => policy([{ type: 'aws_iid', config: { allowedAccountIDs: ['123456789012'], ...config } }]),
    send: async (at) => login(at, { type: 'aws_iid', evidence: { pkcs7: at.world.aws.sign(document, region) } }),
  }
}

function azure(name: string, told: string, document: (nonce: string) => object): Row {
  return {
    name: `a machine of Azure: ${name}`,
    told,
    isSkipped: !OPENSSL,
    sections: () => policy([{ type: 'azure_imds' }]),
    async send(at) {
      const { challenge: given, nonce } = await challenge(at, 'azure_imds')
      const { tool } = at.world.x509
      tool.write('document', JSON.stringify(document(nonce)))
      const der = tool.run(
        ...['cms', '-sign', '-binary', '-nodetach', '-nosmimecap', '-md', 'sha256', '-signer', 'azure.crt'],
        ...['-inkey', 'azure.key', '-in', 'document', '-outform', 'DER'],
      )
      const evidence = { signature: der.toString('base64') }
      return login(at, { type: 'azure_imds', evidence, challenge: given })
    },
  }
}
const azureDocument = (nonce: string, expiresOn = '01/01/99 00:00:00 -0000'): object => ({
  nonce,
  vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  subscriptionId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6',
  timestamp: { createdOn: '01/01/26 00:00:00 -0000', expiresOn },
})

const asked = (name: string, told: string, body: object, required: object): Row => ({
  name: `a challenge: ${name}`,
  told,
  sections: () => policy([required]),
  send: async (at): Promise<Sent> => post(`/v1/clusters/${at.id}/challenge`, body),
})

export const HOST_ROWS: readonly Row[] = [
  asked('for a policy that asks for it', '200', { type: 'azure_imds' }, { type: 'azure_imds' }),
  asked(
    'that no policy asks for',
    '403 challenge_not_required',
    { type: 'azure_imds' },
    { type: 'aws_iid', config: { allowedAccountIDs: ['123456789012'] } },
  ),
  asked('of no type', '400 request_malformed', {}, { type: 'azure_imds' }),
  {
    name: 'a challenge: of the trust domain, where no policy asks for it',
    told: '403 challenge_not_required',
    send: async () => post('/v1/trust-domain/challenge', { type: 'azure_imds' }),
  },

  ssh('with its certificate', '200'),
  ssh('with a key that is pinned', '200', { config: (key) => ({ hostKeys: [key('host')] }), signer: 'host' }),
  ssh('with a key that is not pinned', '401 login_refused host_key_unknown', {
    config: (key) => ({ hostKeys: [key('host')] }),
    signer: 'other',
  }),
  ssh('certified by another authority', '401 login_refused certificate_not_trusted', { signer: 'stranger-cert.pub' }),
  ssh('whose certificate has expired', '401 login_refused certificate_expired', { signer: 'old-cert.pub' }),
  ssh('whose certificate has a critical option', '401 login_refused certificate_unusable', {
    signer: 'optional-cert.pub',
  }),
  ssh('of another name', '403 login_refused host_name_not_allowed', {
    config: (key) => ({ certAuthorities: [key('ca')], canonicalDomain: 'example.net' }),
  }),
  ssh('that signed for git', '401 login_refused proof_namespace_mismatch', { namespace: 'git' }),
  ssh('that signed something else', '401 login_refused signature_invalid', { message: (text) => `${text}x` }),
  ssh('with two signatures', '401 login_refused proof_malformed', { change: (text) => text + text }),
  ssh('without its challenge', '401 login_refused challenge_missing', { sealed: () => undefined }),
  ssh('with a challenge that nobody sealed', '401 login_refused challenge_malformed', {
    sealed: () => 'e30.e30.e30.e30.e30',
  }),
  ssh('with a challenge of an hour ago', '401 login_refused challenge_expired', {
    sealed: (at) => at.world.seal(at, 'ssh_pop', 3600),
  }),
  ssh('with a challenge of another attestor', '401 login_refused challenge_mismatch', {
    sealed: (at) => at.world.seal(at, 'x509_pop', 0),
  }),

  x509('with its certificate', '200'),
  x509('of another authority', '401 login_refused certificate_not_trusted', { root: 'other-root' }),
  x509('with a certificate for servers', '401 login_refused certificate_unusable', { leaf: 'server' }),
  x509('with half a certificate', '401 login_refused certificate_malformed', {
    edit: (pem) => pem.replace(/\n[^-\n]+\n(?=-----END)/, '\n'),
  }),
  x509('with half a signature', '401 login_refused signature_invalid', { signature: (text) => text.slice(0, 8) }),
  x509('of another common name', '403 login_refused common_name_not_allowed', {
    more: { allowedCommonNames: ['other'] },
  }),

  aws('with the document of its region', '200', {}),
  aws('of another account', '403 login_refused account_not_allowed', { allowedAccountIDs: ['999999999999'] }),
  aws('of another region', '403 login_refused region_not_allowed', { allowedRegions: ['eu-west-2'] }),
  aws(
    'of last year',
    '403 login_refused document_too_old',
    { maxAge: '1h' },
    { ...DOCUMENT, pendingTime: '2025-11-01T10:00:00Z' },
  ),
  aws('whose document is none', '401 login_refused document_malformed', {}, 'hello'),
  aws(
    'of a region without a certificate',
    '401 login_refused document_signer_unknown',
    {},
    { ...DOCUMENT, region: 'eu-west-2' },
  ),

  azure('with its document', '200', azureDocument),
  azure('with a document for another nonce', '401 login_refused challenge_mismatch', () => azureDocument('another')),
  azure('with a document that has expired', '401 login_refused document_expired', (nonce) =>
    azureDocument(nonce, '01/02/26 00:00:00 -0000'),
  ),
]
