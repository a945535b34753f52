// Evidence that is not a token. The signed document of AWS is verified here; a proof of possession is made over a challenge,
// which only the gateway opens, so the page leaves it undecided.
import made from './made.json' with { type: 'json' }
import { agents, type SampleDefinition } from './sample.ts'

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
      {
        scope: 'trust-domain',
        section: 'AWSCertificates',
        text: `section: AWSCertificates\nschema: v1\nspec:\n  certificates:\n    - region: eu-west-1\n      pem: |\n${indent(made.awsCertificate, 8)}\n`,
      },
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
]

function indent(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^/gm, ' '.repeat(spaces))
}
