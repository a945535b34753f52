// What is fuzzed: every parser of something that somebody else writes, each with valid inputs to begin with.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { openDocument } from '../../src/attest/aws-iid/document.ts'
import { readHostCertificate } from '../../src/attest/ssh-pop/ssh-certificate.ts'
import { readSshKey } from '../../src/attest/ssh-pop/ssh-key.ts'
import { readSshSignature } from '../../src/attest/ssh-pop/sshsig.ts'
import { createAttestorTable } from '../../src/attest/table.ts'
import { readEkChain } from '../../src/attest/tpm-ek/ek-certificate.ts'
import { readPublicArea } from '../../src/attest/tpm-ek/public-area.ts'
import { findAkFault, findEkFault } from '../../src/attest/tpm-ek/tpm-keys.ts'
import { readFlatAttributes } from '../../src/attribute/flat.ts'
import { readPodAttributes } from '../../src/attribute/pod.ts'
import { readCertificate } from '../../src/certificate/certificate.ts'
import { readPemBlocks } from '../../src/certificate/pem.ts'
import { readSignedDocument } from '../../src/certificate/signed-document.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { compileDocument } from '../../src/config/compile/compile.ts'
import { listSectionNames } from '../../src/config/sections/table.ts'
import { isJsonObject, parseJson, parseJsonBytes } from '../../src/core/json.ts'
import {
  CLAIMS_BODY_MAX_BYTES,
  DOCUMENT_MAX_BYTES,
  JSON_DEPTH_MAX,
  KEY_SET_MAX_BYTES,
  LOGIN_BODY_MAX_BYTES,
  TOKEN_MAX_BYTES,
} from '../../src/core/limits.ts'
import type { Checked } from '../../src/core/result.ts'
import { decodeUtf8 } from '../../src/core/utf8.ts'
import { readEvidenceText } from '../../src/explain/read-evidence.ts'
import { compilePattern } from '../../src/pattern/pattern.ts'
import { createPolicySet } from '../../src/policy/policy.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'
import { compileTemplate } from '../../src/template/compile.ts'
import { openChallenge, sealChallenge } from '../../src/token/challenge.ts'
import { loadKeys } from '../../src/token/keys/discovery.ts'
import { readKeySet } from '../../src/token/keys/key-set.ts'
import { parseToken } from '../../src/token/parse.ts'
import { openSshHosts } from '../attest/ssh-pop/ssh-hosts.ts'
import { makeTpm } from '../attest/tpm-ek/made-tpm.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'
import { SSH_KEYGEN } from '../installed.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'
import type { Target } from './fuzz.ts'

const NOW = 1_790_000_000
/** Longer inputs only make a run slow: what a limit refuses has tests of its own. */
const KILOBYTES = 4 * 1024

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const codeOf = (read: Checked<unknown>): string => (read.ok ? 'ok' : `${read.refusal.code} ${read.refusal.where ?? ''}`)
const presence = (value: unknown): string => (value === undefined ? 'refused' : 'ok')
/** A parser of text never sees bytes that are not UTF-8. */
const onText = (run: (text: string) => string | Promise<string>) => (input: Uint8Array) => {
  const text = decodeUtf8(Uint8Array.from(input))
  return text === undefined ? 'not UTF-8' : run(text)
}
const bounded = (max: number): number => Math.min(max, KILOBYTES)

/** Every document of the repository that an operator could have written. */
function listDocuments(): readonly Uint8Array[] {
  const examples = readdirSync('examples')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `examples/${name}`)
  const kept = readdirSync('test/cli/validate-documents')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `test/cli/validate-documents/${name}`)
  return [...examples, ...kept].map((path) => Uint8Array.from(readFileSync(path)))
}

/** Inputs that once broke a target, kept by its name. */
function listCrashers(name: string): readonly Uint8Array[] {
  const folder = `test/fuzz/crashers/${name}`
  return existsSync(folder) ? readdirSync(folder).map((file) => Uint8Array.from(readFileSync(`${folder}/${file}`))) : []
}

export async function createTargets(): Promise<readonly Target[]> {
  const key = await createSigningKey('k1', 'RS256')
  const token = await signClaims(key, serviceAccountClaims(NOW))
  const attestors = createAttestorTable()
  const policies = createPolicySet([])
  const scope = createCatalogueScope()
  const blob = readFileSync('test/attest/aws-iid/real/us-west-2.pkcs7', 'utf8')
  const pem = readFileSync('test/attest/aws-iid/real/us-west-2.pem', 'utf8')
  const [block] = readPemBlocks(pem, 'CERTIFICATE')
  const der = block !== undefined && 'der' in block ? block.der : new Uint8Array()
  const keySet = JSON.stringify({ keys: [key.publicJwk, { kty: 'oct', k: 'x' }] })
  const ssh = SSH_KEYGEN
    ? makeSshSeeds()
    : { signature: '-----BEGIN SSH SIGNATURE-----\n', certificate: new Uint8Array(), key: new Uint8Array() }
  const tpms = [makeTpm('RSA-2048'), makeTpm('P-256'), makeTpm('P-384')]
  const seal = [new Uint8Array(32)]
  const challenge = {
    type: 'ssh_pop',
    role: 'agent',
    clusterId: 'c-1',
    issuerUrl: 'https://login.example.org',
  } as const
  const sealed = await sealChallenge({ id: 'i', request: {}, secret: {} }, challenge, seal, NOW)
  const pod = readFileSync('examples/pod.json', 'utf8')
  const enablement = { includeContainerAttributes: true, includeAnnotationPrefixes: ['a'], includeEnvVars: ['E'] }
  const documents = listDocuments()
  const body = JSON.stringify({
    attestations: [
      { type: 'k8s_token', evidence: { token } },
      { type: 'x509_pop', evidence: {}, challenge: 'x' },
    ],
  })

  async function loadFrom(input: Uint8Array): Promise<string> {
    const answers = [
      JSON.stringify({ issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/keys' }),
      input,
    ]
    const fetch = async (): Promise<Response> =>
      new Response(Uint8Array.from(toBytes(answers.shift() ?? '')), { headers: { 'Content-Type': 'application/json' } })
    const loaded = await loadKeys(
      { kind: 'discovery', issuer: 'https://issuer.example' },
      { fetch, urlPolicy: { allowLoopback: false } },
    )
    return loaded.ok ? 'ok' : loaded.failure.kind
  }
  async function discoverFrom(input: Uint8Array): Promise<string> {
    const answers = [input, keySet]
    const fetch = async (): Promise<Response> =>
      new Response(Uint8Array.from(toBytes(answers.shift() ?? '')), { headers: { 'Content-Type': 'application/json' } })
    const loaded = await loadKeys(
      { kind: 'discovery', issuer: 'https://issuer.example' },
      { fetch, urlPolicy: { allowLoopback: false } },
    )
    return loaded.ok ? 'ok' : loaded.failure.kind
  }

  const targets: readonly (Omit<Target, 'seeds'> & { readonly seeds: readonly (Uint8Array | string)[] })[] = [
    {
      name: 'token',
      seeds: [token],
      maxBytes: bounded(TOKEN_MAX_BYTES),
      run: onText((text) => codeOf(parseToken(text))),
    },
    {
      name: 'key-set',
      seeds: [keySet],
      maxBytes: bounded(KEY_SET_MAX_BYTES),
      run(input) {
        const json = parseJsonBytes(Uint8Array.from(input), JSON_DEPTH_MAX)
        if (!json.ok) return json.fault
        const set = readKeySet(json.value)
        return set === undefined ? 'no set' : `${set.keys.length} ${set.skipped.map(({ reason }) => reason).join()}`
      },
    },
    { name: 'key-set-answer', seeds: [keySet], maxBytes: KILOBYTES, run: loadFrom },
    {
      name: 'discovery',
      seeds: [JSON.stringify({ issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/keys' })],
      maxBytes: KILOBYTES,
      run: discoverFrom,
    },
    {
      name: 'json',
      seeds: [body, keySet, pod],
      maxBytes: KILOBYTES,
      run: onText((text) => {
        const read = parseJson(text, JSON_DEPTH_MAX)
        if (!read.ok) return read.fault
        // Strict JSON is JSON: whatever passes reads alike.
        if (JSON.stringify(JSON.parse(text)) !== JSON.stringify(read.value))
          throw new Error('JSON.parse reads it otherwise')
        return 'ok'
      }),
    },
    {
      name: 'login-body',
      seeds: [body, token],
      maxBytes: bounded(LOGIN_BODY_MAX_BYTES),
      run: onText((text) => {
        const read = readEvidenceText(text, utf8(text).length, attestors, policies)
        return read === undefined ? 'bare' : codeOf(read)
      }),
    },
    ...listSectionNames().map(
      (section): Omit<Target, 'seeds'> & { readonly seeds: readonly (Uint8Array | string)[] } => ({
        name: `section-${section}`,
        seeds: [...documents, `section: ${section}\nschema: v1\nspec: {}\n`],
        maxBytes: bounded(DOCUMENT_MAX_BYTES),
        run(input) {
          const result = compileDocument(section, Uint8Array.from(input), COMPILE_CONTEXT)
          const found = result.ok ? result.warnings : result.issues
          for (const { line, column } of found)
            if (line < 1 || column < 1) throw new Error(`an issue at ${line}:${column}`)
          return `${result.ok} ${[...new Set(found.map(({ code }) => code))].sort().join()}`
        },
      }),
    ),
    {
      name: 'expression',
      seeds: [
        'k8s_token.namespace == "a" && has(k8s_token.node.name) && k8s_token.node.name.startsWith("x")',
        'k8s_token.namespace.matches("^[a-z]+(-[0-9]{1,3})*$") || !("x" in kubernetes.pod.label)',
        'aws_iid.ec2.instance.private_dns_names.exists(n, n == "x") ? 1 < 2 : true',
      ],
      maxBytes: 2_048,
      run: onText((text) => {
        const { condition, issues } = compileCondition(text, scope, [])
        return `${condition === undefined} ${issues.map(({ code }) => code).join()}`
      }),
    },
    {
      name: 'pattern',
      seeds: ['^[a-z]+(-[0-9]{1,3})*$', '(?i)a|b|\\d+\\.\\w{2,5}', '[^\\x00-\\x1f\\pL]*?$', '((a{1,20}){1,10})+'],
      maxBytes: 512,
      run: onText((text) => {
        const compiled = compilePattern(text)
        return compiled.ok ? compiled.pattern.kind : `${compiled.code} ${compiled.message}`
      }),
    },
    {
      name: 'template',
      seeds: [
        '/{{cluster.name}}/ns/{{kubernetes.pod.namespace | lower}}',
        '{{kubernetes.pod.label[app.kubernetes.io/name] | replace(":", "-") | default("x")}}',
        'O=Acme\\, Corp,OU={{kubernetes.pod.namespace}}',
        '/{{kubernetes.pod.label.path | segments}}',
      ],
      maxBytes: 2_048,
      run: onText((text) =>
        (['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName'] as const)
          .map((surface) => {
            const { template, issues } = compileTemplate(text, surface, [])
            return `${template === undefined} ${issues.map(({ code }) => code).join()}`
          })
          .join(' '),
      ),
    },
    { name: 'cms', seeds: [blob], maxBytes: KILOBYTES, run: onText((text) => codeOf(openDocument(text))) },
    {
      name: 'cms-der',
      seeds: [Buffer.from(blob, 'base64')],
      maxBytes: KILOBYTES,
      run: (input) =>
        `${presence(readSignedDocument(Uint8Array.from(input), 'aws'))} ${presence(readSignedDocument(Uint8Array.from(input), 'azure'))}`,
    },
    {
      name: 'certificate',
      seeds: [der],
      maxBytes: KILOBYTES,
      run: (input) => presence(readCertificate(Uint8Array.from(input))),
    },
    {
      name: 'pem',
      seeds: [pem, `${pem}\n${pem}`],
      maxBytes: KILOBYTES,
      run: onText((text) =>
        readPemBlocks(text, 'CERTIFICATE')
          .map((one) => ('fault' in one ? one.fault : 'ok'))
          .join(),
      ),
    },
    {
      name: 'ssh-signature',
      seeds: [ssh.signature],
      maxBytes: KILOBYTES,
      run: onText((text) => presence(readSshSignature(text))),
    },
    {
      name: 'ssh-certificate',
      seeds: [ssh.certificate],
      maxBytes: KILOBYTES,
      run: (input) => presence(readHostCertificate(Uint8Array.from(input))),
    },
    {
      name: 'ssh-key',
      seeds: [ssh.key],
      maxBytes: KILOBYTES,
      run: (input) => presence(readSshKey(Uint8Array.from(input))),
    },
    {
      name: 'tpm-public-area',
      seeds: tpms.flatMap(({ request }) => [request.ek, request.ak].map((text) => Buffer.from(text, 'base64'))),
      maxBytes: KILOBYTES,
      run(input) {
        const area = readPublicArea(Uint8Array.from(input))
        return area === undefined ? 'refused' : `${findEkFault(area)} ${findAkFault(area)}`
      },
    },
    {
      name: 'ek-certificate',
      seeds: [Buffer.from(der).toString('base64')],
      maxBytes: KILOBYTES,
      run: onText((text) => codeOf(readEkChain(text, []))),
    },
    {
      name: 'pod',
      seeds: [pod],
      maxBytes: bounded(CLAIMS_BODY_MAX_BYTES),
      run: onText((text) => {
        const json = parseJson(text, JSON_DEPTH_MAX)
        return json.ok && isJsonObject(json.value) ? codeOf(readPodAttributes(json.value, enablement)) : 'no object'
      }),
    },
    {
      name: 'attributes',
      seeds: [
        JSON.stringify({
          'kubernetes.pod.namespace': 'a',
          'kubernetes.pod.label[app]': 'b',
          'kubernetes.pod.label.[x/y]': 'c',
          'custom.x': ['d'],
        }),
      ],
      maxBytes: KILOBYTES,
      run: onText((text) => {
        const json = parseJson(text, JSON_DEPTH_MAX)
        return json.ok && isJsonObject(json.value) ? codeOf(readFlatAttributes(json.value, enablement)) : 'no object'
      }),
    },
    {
      name: 'challenge',
      seeds: [sealed ?? ''],
      maxBytes: KILOBYTES,
      run: onText(async (text) => {
        const opened = await openChallenge(text, challenge, seal, NOW)
        if (opened.ok && text !== sealed) throw new Error('a challenge that was changed opens')
        return codeOf(opened)
      }),
    },
    {
      name: 'policy-tests',
      seeds: [readFileSync('examples/policy-tests.yaml')],
      maxBytes: KILOBYTES,
      run: onText((text) => {
        const read = readTestFile(text)
        return read.ok ? 'ok' : [...new Set(read.issues.map(({ code }) => code))].sort().join()
      }),
    },
  ]
  return targets.map(({ seeds, ...target }) => ({
    ...target,
    seeds: [...seeds.map(toBytes), ...listCrashers(target.name)],
  }))
}

function toBytes(seed: Uint8Array | string): Uint8Array {
  return typeof seed === 'string' ? utf8(seed) : Uint8Array.from(seed)
}

function makeSshSeeds(): { readonly signature: string; readonly certificate: Uint8Array; readonly key: Uint8Array } {
  const hosts = openSshHosts()
  try {
    hosts.key('ca')
    const line = hosts.key('host', ['ecdsa', '256'])
    hosts.certify('host', 'ca')
    const certificate = Buffer.from(hosts.tool.readText('host-cert.pub').split(' ')[1] ?? '', 'base64')
    return {
      signature: hosts.sign('host-cert.pub', 'message', 'login@example.org'),
      certificate,
      key: Buffer.from(line.split(' ')[1] ?? '', 'base64'),
    }
  } finally {
    hosts.tool.remove()
  }
}
