// Documents whose compiled form weighs far more, or far less, than their text: what memory is counted by is held to them.
import type { SectionName } from '../../src/config/sections/table.ts'
import { CLAIMS_PER_POLICY_MAX, DNS_NAMES_PER_POLICY_MAX } from '../../src/core/limits.ts'

export interface HeavyDocument {
  readonly section: SectionName
  readonly what: string
  readonly text: string
}

function list(count: number, make: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => make(n)).join('\n')
}

function section(name: SectionName, spec: string): string {
  return `section: ${name}\nschema: v1\nspec:\n${spec}\n`
}

function agents(policies: string): string {
  return section('AgentAttestation', `  policies:\n${policies}`)
}

function k8s(config: string, rest = ''): string {
  return `      requiredAttestors: [{type: k8s_token, config: {${config}}}]${rest}`
}

/** Coordinates that are canonical base64url; whether the point lies on the curve is for the import to see. */
function coordinate(n: number): string {
  return `${String(n).padStart(42, 'x')}A`
}

function rsaModulus(n: number): string {
  return `_${String(n).padStart(340, 'x')}w`
}

/** Every shape at the given size; `share` of 1 is about as large as a document may be. */
export function heavyDocuments(share: number): readonly HeavyDocument[] {
  const count = (max: number): number => Math.max(1, Math.floor(max * share))
  const pins = 'serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent'
  const issuer = (n: number): string => `https://oidc.eks.eu-west-1.amazonaws.com/id/${String(n).padStart(32, '0')}`
  const uids = '{{linux.user.id}}'
  return [
    {
      section: 'AgentAttestation',
      what: 'policies that each name an issuer',
      text: agents(list(count(8_000), (n) => `    - name: p-${n}\n${k8s(`issuerURL: "${issuer(n)}", ${pins}`)}`)),
    },
    {
      section: 'AgentAttestation',
      what: 'policies of one issuer, with lists of pins',
      text: agents(
        list(
          count(6_000),
          (n) =>
            `    - name: p-${n}\n${k8s(`issuerURL: "https://issuer.example", audiences: [a-${n}, b], allowedServiceAccounts: ["ns-${n}:sa", "x:*y"], allowedNodes: ["node-${n}"]`)}`,
        ),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'inline sets of EC keys',
      text: agents(
        list(count(80), (p) => {
          const keys = list(
            90,
            (n) => `{kty: EC, crv: P-256, kid: k${p}-${n}, x: "${coordinate(n)}", y: "${coordinate(p)}"},`,
          )
          return `    - name: p-${p}\n${k8s(`issuerURL: "${issuer(p)}", ${pins}, jwks: {keys: [${keys.replaceAll('\n', ' ')}]}`)}`
        }),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'inline sets of RSA keys',
      text: agents(
        list(count(3_000), (n) => {
          const key = `{kty: RSA, kid: k${n}, e: AQAB, n: "${rsaModulus(n)}"}`
          return `    - name: p-${n}\n${k8s(`issuerURL: "${issuer(n)}", ${pins}, jwks: {keys: [${key}]}`)}`
        }),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'small conditions',
      text: agents(
        list(count(400), (p) => {
          const each = list(25, (n) => `        - expression: k8s_token.namespace == "n${p}-${n}"`)
          return `    - name: p-${p}\n${k8s('issuerURL: "https://issuer.example"')}\n      conditions:\n${each}`
        }),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'conditions of many small parts',
      text: agents(
        list(count(150), (p) => {
          const parts = Array.from({ length: 80 }, (_, n) => `k8s_token.namespace!="${n}"`).join('&&')
          return `    - name: p-${p}\n${k8s('issuerURL: "https://issuer.example"')}\n      conditions:\n        - expression: '${parts}'`
        }),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'conditions whose patterns are far larger than their text',
      text: agents(
        list(
          count(280),
          (n) =>
            `    - name: p-${n}\n${k8s('issuerURL: "https://issuer.example"')}\n      conditions:\n        - expression: k8s_token.namespace.matches("^x${n}.*[ab].{8}$")`,
        ),
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'conditions whose patterns are run as automata of thousands of states',
      text: agents(
        list(
          count(180),
          (n) =>
            `    - name: p-${n}\n${k8s('issuerURL: "https://issuer.example"')}\n      conditions:\n        - expression: k8s_token.namespace.matches("^x${n}(a|[b-y]z){300}$")`,
        ),
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'overrides with one match and one template',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(10_000), (n) => `    - when: {kubernetes.pod.namespace: ns-${n}}\n      policy: {pathTemplate: "/${n}/{{kubernetes.pod.name}}"}`)}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'overrides that match by long lists of values',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(800), (n) => `    - when: {kubernetes.pod.namespace: [${Array.from({ length: 100 }, (_, v) => `n${n}-${v}`).join(', ')}]}\n      policy: {pathTemplate: "/${n}/x"}`)}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'templates of many references',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(700), (n) => `    - when: {kubernetes.pod.namespace: ns-${n}}\n      policy: {jwt: {additionalClaims: {c: "${uids.repeat(100)}"}}}`)}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'overrides that each take over the legacy DNS names',
      text: section(
        'SVIDIssuancePolicy',
        `  legacy:\n    x509CustomizationTemplate: "${Array.from({ length: DNS_NAMES_PER_POLICY_MAX }, (_, n) => `SAN.DNS=a${n}.example`).join(',')}"\n  policyOverrides:\n${list(count(10_000), (n) => `    - when: {linux.user.id: "${n}"}\n      policy: {}`)}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'claims',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(300), (n) => {
          const claims = list(CLAIMS_PER_POLICY_MAX, (m) => `            c${m}: "{{linux.user.id}}-${n}-${m}"`)
          return `    - when: {kubernetes.pod.namespace: ns-${n}}\n      policy:\n        jwt:\n          additionalClaims:\n${claims}`
        })}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'DNS names',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(300), (n) => {
          const names = list(
            DNS_NAMES_PER_POLICY_MAX,
            (m) => `            - "{{kubernetes.pod.namespace}}.n${m}.o${n}.example"`,
          )
          return `    - when: {kubernetes.pod.namespace: ns-${n}}\n      policy:\n        x509:\n          dnsNames:\n${names}`
        })}`,
      ),
    },
    {
      section: 'SVIDIssuancePolicy',
      what: 'subjects with long attributes',
      text: section(
        'SVIDIssuancePolicy',
        `  policyOverrides:\n${list(count(4_000), (n) => `    - when: {kubernetes.pod.namespace: ns-${n}}\n      policy: {x509: {subject: "CN={{kubernetes.pod.label[app.kubernetes.io/${'x'.repeat(40)}${n}]}},O=Acme"}}`)}`,
      ),
    },
    {
      section: 'TrustDomain',
      what: 'path prefixes of many segments',
      text: section(
        'TrustDomain',
        `  clusters:\n${list(count(1_500), (n) => `    c-${n}: {name: n-${n}, pathPrefixes: ["/${n}${'/a'.repeat(500)}"]}`)}`,
      ),
    },
    {
      section: 'WorkloadAttestation',
      what: 'allowed issuers',
      text: section(
        'WorkloadAttestation',
        `  jwt:\n    enabled: true\n    allowedIssuers:\n${list(count(15_000), (n) => `      - {issuer: "https://i${n}.example", jwksURI: "https://i.example/${n}"}`)}`,
      ),
    },
    {
      section: 'AgentAttestation',
      what: 'one policy, and a comment as long as a document may be',
      text: `${agents(`    - name: p\n${k8s(`issuerURL: "https://issuer.example", ${pins}`)}`)}${`# ${'x'.repeat(98)}\n`.repeat(count(15_000))}`,
    },
    {
      section: 'AgentAttestation',
      what: 'policies that are warned of',
      text: agents(list(count(10_000), (n) => `    - name: p-${n}\n${k8s('issuerURL: "https://issuer.example"')}`)),
    },
  ]
}
