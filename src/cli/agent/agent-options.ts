// The flags of `postern agent`, and the Helm-style values that they may come from.
import { isAbsolute, resolve } from 'node:path'
import { isHostPort, PORT_WORDS } from '../../attest/http-dns/host-name.ts'
import { ATTESTORS } from '../../attest/table.ts'
import { readYaml } from '../../config/yaml/yaml.ts'
import type { YamlNode } from '../../config/yaml/yaml-node.ts'
import { suggestNearest } from '../../core/nearest.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { readPort } from '../../net/port.ts'
import { type Io, makeUsageStop } from '../command.ts'
import type { Options, Values } from '../define-command.ts'
import { readDocumentFile } from '../document.ts'
import { COLLECTORS, type EvidenceOptions } from './collectors.ts'

export const AGENT_OPTIONS = {
  gateway: { value: 'url', help: 'the gateway: its ISSUER_URL, https or loopback; default POSTERN_URL' },
  cluster: { value: 'id', help: 'the cluster to log in to; without it an issuer logs in to the trust domain' },
  attestors: { value: 'list', help: 'the evidence to send, separated by commas; default k8s_token' },
  values: {
    value: 'file',
    help: 'Helm values with agent.auth.clusterId and agent.auth.attestors, in place of the two',
  },
  out: { value: 'file', help: 'where the session is written, and nowhere else; required but for --explain' },
  mode: { value: 'octal', help: 'the mode of that file; default 0600. With --group 0640, for a sidecar' },
  group: { value: 'gid', help: 'the group of that file' },
  once: { help: 'log in once and end: for init containers and CI. Default: stay and renew' },
  explain: { help: 'with --once: print what each piece of evidence claims and why it was refused; writes no session' },
  'ca-file': {
    value: 'file',
    help: 'certificate authorities for the gateway, as PEM, in place of those of the system',
  },
  'health-port': {
    value: 'n',
    help: 'serve /livez and /readyz on this port of 127.0.0.1; --health-host for another address',
  },
  'health-host': { value: 'addr', help: 'the address for --health-port; default 127.0.0.1' },
  'token-file': {
    value: 'file',
    help: 'k8s_token: the projected token; default /var/run/secrets/tokens/postern',
  },
  'jwt-file': { value: 'file', help: 'custom_jwt, aws_token: a token that something else writes' },
  audience: { value: 'text', help: 'azure_msi, gcp_iit, github: the audience to ask for; default the gateway' },
  'ssh-key': {
    value: 'file',
    help: 'ssh_pop: a host certificate or a host key; default /etc/ssh/ssh_host_ed25519_key-cert.pub',
  },
  'trust-domain': { value: 'name', help: 'ssh_pop: the trust domain of the gateway, which the signature is for' },
  'cert-file': { value: 'file', help: 'x509_pop: the certificate and its issuers, as PEM' },
  'key-file': { value: 'file', help: 'x509_pop: its private key, as PEM' },
  'tpm-ek': { value: 'file', help: 'tpm_ek: the public area of the endorsement key, as tpm2_readpublic -o writes it' },
  'tpm-ak': { value: 'file', help: 'tpm_ek: that of an attestation key' },
  'tpm-activate': {
    value: 'file',
    help: 'tpm_ek: an executable that reads a credential and prints what the TPM opens',
  },
  'tpm-cert-file': { value: 'file', help: 'tpm_ek: the certificate of the endorsement key and its issuers, as PEM' },
  'proof-command': { value: 'file', help: 'extension: an executable that prints what its webhook asks for' },
  'http-dns-hostname': { value: 'name', help: 'http_dns: the name by which the gateway reaches this host' },
  'http-dns-port': { value: 'n', help: 'http_dns: the port that is listened on while a login lasts' },
} as const satisfies Options

export interface AgentOptions {
  readonly gateway: string
  readonly clusterId: string | undefined
  readonly types: readonly [string, ...string[]]
  /** Absent: nothing is written. */
  readonly out: string | undefined
  readonly mode: number
  readonly group: number | undefined
  readonly isOnce: boolean
  readonly isExplaining: boolean
  readonly caFile: string | undefined
  readonly health: { readonly host: string; readonly port: number } | undefined
  readonly evidence: EvidenceOptions
}

const TOKEN_FILE = '/var/run/secrets/tokens/postern'
const SSH_KEY = '/etc/ssh/ssh_host_ed25519_key-cert.pub'

/** @throws a usage `Stop` that names the flag */
export async function readAgentOptions(values: Values<typeof AGENT_OPTIONS>, io: Io): Promise<AgentOptions> {
  const given = values.values === undefined ? {} : await readValues(values.values, io)
  const gateway = values.gateway ?? io.environment['POSTERN_URL']
  if (gateway === undefined || gateway === '')
    throw makeUsageStop('Missing the gateway: add --gateway, or set POSTERN_URL')
  const isExplaining = values.explain === true
  if (isExplaining && values.once !== true) throw makeUsageStop('--explain needs --once: it logs in one time')
  const path = (file: string): string => (isAbsolute(file) ? file : resolve(io.directory, file))
  const optional = (file: string | undefined): string | undefined => (file === undefined ? undefined : path(file))
  const out = optional(values.out)
  if (out === undefined && !isExplaining) throw makeUsageStop('Missing --out: the file that the session is written to')
  const [first = 'k8s_token', ...others] = values.attestors?.split(',').map((type) => type.trim()) ?? given.types ?? []
  const types = [first, ...others] as const
  for (const type of types) checkType(type)
  if (new Set(types).size < types.length) throw makeUsageStop('--attestors names one type twice')
  return {
    gateway,
    clusterId: values.cluster ?? given.clusterId,
    types,
    out,
    mode: readMode(values.mode, values.group !== undefined),
    group: readNumber('--group', values.group, 4_294_967_294),
    isOnce: values.once === true,
    isExplaining,
    caFile: optional(values['ca-file']),
    health: readHealth(values['health-port'], values['health-host']),
    evidence: {
      tokenFile: path(values['token-file'] ?? TOKEN_FILE),
      jwtFile: optional(values['jwt-file']),
      audience: values.audience ?? gateway,
      sshKey: path(values['ssh-key'] ?? SSH_KEY),
      trustDomain: values['trust-domain'] ?? io.environment['TRUST_DOMAIN'],
      certFile: optional(values['cert-file']),
      keyFile: optional(values['key-file']),
      tpmEk: optional(values['tpm-ek']),
      tpmAk: optional(values['tpm-ak']),
      tpmActivate: optional(values['tpm-activate']),
      tpmCertFile: optional(values['tpm-cert-file']),
      proofCommand: optional(values['proof-command']),
      httpDnsHostname: values['http-dns-hostname'],
      httpDnsPort: readAnswerPort(values['http-dns-port']),
    },
  }
}

function checkType(type: string): void {
  if (COLLECTORS.has(type)) return
  const known = ATTESTORS.map((row) => row.type)
  const hint = suggestNearest(type, known) || `. Expected some of: ${[...COLLECTORS.keys()].join(', ')}`
  throw makeUsageStop(`The agent cannot collect evidence of the type "${type}"${hint}`)
}

function readMode(text: string | undefined, hasGroup: boolean): number {
  const mode = text ?? (hasGroup ? '0640' : '0600')
  // A session is a secret: nobody but its owner and one group may read it, and nobody else may write it.
  if (!/^0?[0-7]{3}$/.test(mode) || (Number.parseInt(mode, 8) & 0o137) !== 0)
    throw makeUsageStop(`--mode ${mode} is not one of a secret: use 0600, 0400, 0640 or 0440`)
  return Number.parseInt(mode, 8)
}

function readNumber(flag: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  if (/^[0-9]{1,10}$/.test(text) && Number(text) <= max) return Number(text)
  throw makeUsageStop(`${flag} must be a number`)
}

function readHealth(digits: string | undefined, host = '127.0.0.1'): AgentOptions['health'] {
  if (digits === undefined) return undefined
  const port = readPort(digits)
  if (port === undefined) throw makeUsageStop('--health-port must be a number from 0 to 65535')
  return { host, port }
}

function readAnswerPort(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined
  const port = readPort(digits)
  if (!isHostPort(port)) throw makeUsageStop(`--http-dns-port must be ${PORT_WORDS}: the gateway asks no other`)
  return port
}

/** Of the values of a Helm chart the two that say where the agent logs in and by what; the rest is not looked at. */
async function readValues(
  file: string,
  io: Io,
): Promise<{ readonly clusterId?: string; readonly types?: readonly string[] }> {
  const text = decodeUtf8(await readDocumentFile(file, io))
  const read = readYaml(text ?? '')
  const auth = read.ok ? member(member(read.root, 'agent'), 'auth') : undefined
  if (auth === undefined) throw makeUsageStop(`${file} has no agent.auth: expected the values of the agent's chart`)
  const clusterId = member(auth, 'clusterId')
  const attestors = member(auth, 'attestors')
  const types = attestors?.kind === 'list' ? attestors.items.map((item) => member(item, 'type')) : undefined
  if (clusterId !== undefined && clusterId.kind !== 'text')
    throw makeUsageStop(`${file}: agent.auth.clusterId is no string`)
  if (types?.some((type) => type?.kind !== 'text') === true)
    throw makeUsageStop(`${file}: each of agent.auth.attestors needs a type`)
  return {
    ...(clusterId === undefined ? {} : { clusterId: clusterId.value }),
    ...(types === undefined ? {} : { types: types.map((type) => (type?.kind === 'text' ? type.value : '')) }),
  }
}

function member(node: YamlNode | undefined, name: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(name)?.value : undefined
}
