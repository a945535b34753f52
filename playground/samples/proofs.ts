// Evidence that is not a token. The signed document of AWS is verified here; a proof of possession is made over a challenge,
// which only the gateway opens, so the page leaves it undecided.

import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import made from './made.json' with { type: 'json' }
import { agents, CHALLENGE, type SampleDefinition } from './sample.ts'

const AWS_CERTIFICATES: PlacedDocument = {
  scope: 'trust-domain',
  section: 'AWSCertificates',
  text: `section: AWSCertificates\nschema: v1\nspec:\n  certificates:\n    - region: eu-west-1\n      pem: |\n${indent(made.awsCertificate, 8)}\n`,
}

export const PROOFS: readonly SampleDefinition[] = [
  {
    id: 'aws-iid',
    attestor: 'aws_iid',
    title: 'AWS: instance identity document',
    hint: 'Verified with the certificate of the region, which is a section of the trust domain.',
    documents: [
      agents(`    - name: aws_instances
      requiredAttestors:
        - type: aws_iid
          config:
            allowedAccountIDs: ["123456789012"]
            allowedRegions: [eu-west-1]
`),
      AWS_CERTIFICATES,
    ],
    evidence: { kind: 'made', name: 'awsPkcs7' },
  },
  {
    id: 'azure-imds',
    attestor: 'azure_imds',
    title: 'Azure: attested document, over a challenge',
    hint: 'The nonce of the document is in a challenge that only the gateway opens: undecided here.',
    documents: [
      agents(`    - name: azure_machines
      requiredAttestors:
        - type: azure_imds
          config:
            allowedSubscriptionIDs: ["aaaaaaaa-0000-0000-0000-000000000001"]
`),
    ],
    evidence: { kind: 'made', name: 'azureDocument' },
  },
  {
    id: 'ssh',
    attestor: 'ssh_pop',
    title: 'SSH host certificate, over a challenge',
    hint: 'What ssh-keygen -Y sign writes; only the gateway knows the challenge, so it is undecided here.',
    documents: [
      agents(`    - name: hosts
      requiredAttestors:
        - type: ssh_pop
          config:
            certAuthorities: ["${made.sshAuthority}"]
            canonicalDomain: example.org
            allowedPrincipals: ["node-*"]
`),
    ],
    evidence: { kind: 'made', name: 'sshSignature' },
  },
  {
    id: 'x509',
    attestor: 'x509_pop',
    title: 'X.509 certificate, over a challenge',
    hint: 'A certificate of your own authority and a signature by its key; undecided here for the same reason.',
    documents: [
      agents(`    - name: machines
      requiredAttestors:
        - type: x509_pop
          config:
            certAuthorities:
              - |
${indent(made.x509Authority, 16)}
            allowedCommonNames: ["*"]
`),
    ],
    evidence: { kind: 'made', name: 'x509Proof' },
  },
  {
    id: 'tpm-ek',
    attestor: 'tpm_ek',
    title: 'A TPM, over a challenge',
    hint: 'What the TPM opened is the key of the answer, and only the gateway has it too: undecided here.',
    documents: [
      agents(`    - name: appliances
      requiredAttestors:
        - type: tpm_ek
          config:
            allowedHashes: ["${'0f1e2d3c4b5a6978'.repeat(4)}"]
`),
    ],
    evidence: {
      kind: 'body',
      attestations: [{ type: 'tpm_ek', evidence: { answer: `${'A'.repeat(43)}=` }, challenge: CHALLENGE }],
    },
  },
  {
    id: 'http-dns',
    attestor: 'http_dns',
    title: 'A host by its name, over a challenge',
    hint: 'The gateway asks the host for the answer to the challenge; the page asks nobody, so it is undecided here.',
    documents: [
      agents(`    - name: linux_hosts
      requiredAttestors:
        - type: http_dns
          config:
            allowedHostnames: ["*.lan"]
            allowedPorts: [3470]
`),
    ],
    evidence: {
      kind: 'body',
      attestations: [{ type: 'http_dns', evidence: { hostname: 'web-1.lan', port: 3470 }, challenge: CHALLENGE }],
    },
  },
  {
    id: 'extension',
    attestor: 'extension',
    title: 'A webhook beside an EC2 instance',
    hint: 'The gateway asks the webhook last, and the page asks nobody: undecided, however good the rest is.',
    documents: [
      agents(`    - name: devices
      requiredAttestors:
        - type: aws_iid
          config:
            allowedAccountIDs: ["123456789012"]
        - type: extension
          config:
            webhookURL: https://inventory.example.com:8443/attest
`),
      AWS_CERTIFICATES,
    ],
    evidence: {
      kind: 'body',
      attestations: [
        { type: 'aws_iid', evidence: made.awsPkcs7 },
        { type: 'extension', evidence: { proof: { device: 'd-1' } } },
      ],
    },
  },
]

function indent(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^/gm, ' '.repeat(spaces))
}
