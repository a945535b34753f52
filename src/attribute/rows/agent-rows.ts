// The attributes of agents on Kubernetes and by proof of possession. Those of the clouds are in cloud-rows.ts.
import { makeRows } from '../row.ts'

export const K8S_TOKEN_ROWS = makeRows('k8s_token', 'agent', {
  'k8s_token.issuer': { identity: true, alphabet: 'url', description: 'Issuer of the token' },
  'k8s_token.namespace': { identity: true, alphabet: 'label', description: 'Namespace of the service account' },
  'k8s_token.service_account.name': {
    identity: true,
    alphabet: 'subdomain',
    description: 'Name of the service account',
  },
  'k8s_token.service_account.uid': { identity: true, alphabet: 'label', description: 'UID of the service account' },
  'k8s_token.pod.name': { optional: true, alphabet: 'subdomain', description: 'Pod that the token is bound to' },
  'k8s_token.pod.uid': { optional: true, identity: true, alphabet: 'label', description: 'UID of that pod' },
  'k8s_token.node.name': {
    optional: true,
    identity: true,
    alphabet: 'subdomain',
    description: 'Node that the token is bound to',
  },
  'k8s_token.node.uid': { optional: true, alphabet: 'label', description: 'UID of that node' },
})

export const SSH_POP_ROWS = makeRows('ssh_pop', 'agent', {
  'ssh_pop.type': { alphabet: 'identifier', description: 'host_cert, or host_key for a key that the policy pins' },
  'ssh_pop.key.type': { alphabet: 'text', description: 'Type of the host key' },
  'ssh_pop.key.id': {
    identity: true,
    alphabet: 'text',
    description: 'Key id of the host certificate; of a pinned key its fingerprint',
  },
  'ssh_pop.serial': {
    optional: true,
    identity: true,
    alphabet: 'digits',
    description: 'Serial number of the host certificate',
  },
  'ssh_pop.principal': {
    many: true,
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Principals of the host certificate',
  },
  'ssh_pop.valid.after': { optional: true, alphabet: 'digits', description: 'Start of validity, Unix seconds' },
  'ssh_pop.valid.before': { optional: true, alphabet: 'digits', description: 'End of validity, Unix seconds' },
})

export const X509_POP_ROWS = makeRows('x509_pop', 'agent', {
  'x509_pop.subject.common_name': {
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Common name of the certificate, unless empty',
  },
  'x509_pop.serial_number': { identity: true, alphabet: 'hex', description: 'Serial number, lower-case hex' },
  'x509_pop.ca.<serial>': {
    optional: true,
    alphabet: 'hex',
    description: 'SHA-1 fingerprint of one certificate authority of the chain',
  },
  'x509_pop.san.<type>': {
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Value of a URI name x509pop://<trust domain>/<type>/<value>',
  },
})

export const TPM_EK_ROWS = makeRows('tpm_ek', 'agent', {
  'tpm_ek.public_hash': {
    identity: true,
    alphabet: 'hex',
    description: 'SHA-256 of the public endorsement key (EK), lower-case hex',
  },
  'tpm_ek.serial_number': {
    optional: true,
    alphabet: 'hex',
    description: 'Serial number of the EK certificate, lower-case hex',
  },
  'tpm_ek.manufacturer': { optional: true, alphabet: 'text', description: 'Manufacturer, such as id:4E544300' },
})

export const HTTP_DNS_ROWS = makeRows('http_dns', 'agent', {
  'http_dns.hostname': { identity: true, alphabet: 'subdomain', description: 'Host name that served the answer' },
  'http_dns.port': { type: 'int', identity: true, alphabet: 'digits', description: 'Port that served the answer' },
})

export const CUSTOM_JWT_ROWS = makeRows('custom_jwt', 'agent', {
  'custom_jwt.issuer': { identity: true, alphabet: 'url', description: 'Issuer of the token' },
  'custom_jwt.claim.<name>': {
    many: true,
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'One claim of the token that the policy copies (attributeClaims)',
  },
})

export const EXTENSION_ROWS = makeRows('extension', 'agent', {
  // Agents and workloads have extensions.
  'custom.<key>': {
    many: true,
    optional: true,
    alsoWorkload: true,
    alphabet: 'text',
    description: 'One attribute of an extension',
  },
})
