// `azure_imds`: the attested document of an Azure virtual machine, signed for the challenge of this login.
import * as v from 'valibot'
import { type Certificate, readCertificate } from '../../certificate/certificate.ts'
import { KEY_USAGE, validateChain } from '../../certificate/chain.ts'
import { OID } from '../../certificate/object-ids.ts'
import { readSignedDocument, type SignedDocument, verifySignedDocument } from '../../certificate/signed-document.ts'
import { decodeBase64, encodeBase64url } from '../../core/base64.ts'
import { encodeHex } from '../../core/bytes.ts'
import { digestText } from '../../core/digest.ts'
import { CERTIFICATE_CHAIN_MAX, CERTIFICATE_MAX_BYTES, SIGNED_DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { AttestContext } from '../attest-context.ts'
import type { Attestor } from '../attestor.ts'
import { pickClaimed } from '../claimed.ts'
import type { AzureCertificates } from '../shared-sections.ts'
import { type AzureImdsConfig, type AzureImdsPins, azureImdsConfigSchema, compileAzureImds } from './config.ts'
import { type AttestedDocument, readAttestedDocument } from './document.ts'
import { checkMachine, listMachineAttributes, type Machine, restoreMachine } from './machine.ts'

interface Opened {
  readonly signed: SignedDocument
  readonly document: AttestedDocument
  /** Those of the document, and those that the agent has sent beside it. */
  readonly certificates: readonly Certificate[]
}

interface AzureImdsShapes {
  evidence: { readonly signature: string; readonly intermediates?: readonly string[] | undefined }
  config: AzureImdsConfig
  pins: AzureImdsPins
  anchor: undefined
  opened: Opened
  facts: Machine
  request: never
  secret: { readonly nonce: string }
}

const ANCHOR = { id: digestText('azure_imds AzureCertificates'), value: undefined }
/** 24 bytes, in the 32 characters that Azure takes for a nonce. */
const NONCE_BYTES = 24
/** The names by which the public cloud, the one of the US government and the one of China sign. */
const SIGNER = /^(?:[a-z0-9-]+\.)*metadata\.azure\.(?:com|us|cn)$/i

export const azureImds: Attestor<AzureImdsShapes> = {
  type: 'azure_imds',
  words: {
    evidence: 'an attested document of Azure',
    summary:
      'The attested document of an Azure virtual machine, which its metadata service signs for a nonce of this gateway, verified by the authorities of the section `AzureCertificates`. It proves the subscription and the id of the machine. Names, tags, networks and resource groups need calls to the Compute API and are never present; `azure_msi` proves the resource group and the name without one.',
    unscoped: {
      admits: 'every virtual machine of Azure could log in',
      next: 'set allowedSubscriptionIDs, or require a second attestor',
    },
  },
  evidenceSchema: v.strictObject({
    signature: v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(2 * SIGNED_DOCUMENT_MAX_BYTES),
      v.description('The member "signature" of the answer of /metadata/attested/document'),
    ),
    intermediates: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(2 * CERTIFICATE_MAX_BYTES))),
        v.maxLength(CERTIFICATE_CHAIN_MAX),
        v.description('Certificates between the signer and a root, as DER in base64'),
      ),
    ),
  }),
  configSchema: azureImdsConfigSchema,
  configOptional: true,

  compile(config, context, report) {
    const pins = compileAzureImds(config, context, report)
    return pins && { anchor: ANCHOR, pins, scoped: pins.subscriptionIDs !== undefined, unfixed: [SUBSCRIPTION] }
  },

  async challenge() {
    const nonce = encodeBase64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
    return pass({ published: { nonce }, secret: { nonce } })
  },

  open(evidence, challenge) {
    const opened = openDocument(evidence)
    if (!opened.ok) return opened
    if (challenge === undefined) throw new Error('a row with challenges was opened without one')
    if (opened.value.document.nonce !== challenge.secret.nonce)
      return refuse({
        code: 'challenge_mismatch',
        detail: 'the document was signed for another nonce: ask the metadata service with the nonce of this challenge',
      })
    return pass({ digestible: challenge.id, value: opened.value })
  },

  readClaimed(evidence) {
    const opened = openDocument(evidence)
    if (!opened.ok) return {}
    const { vmId, subscriptionId } = opened.value.document
    return pickClaimed({ machine: vmId, subscription: subscriptionId })
  },

  async verify({ signed, document, certificates }, _anchor, _pins, context) {
    const section = await context.section('AzureCertificates')
    if (!section.ok) return section
    const { nowSeconds, skewSeconds } = context
    if (nowSeconds - skewSeconds >= document.expiresSeconds)
      return refuse({
        code: 'document_expired',
        detail: 'the document has expired: ask the metadata service for another one',
      })
    const signer = certificates.find(
      ({ issuer, serial }) => isSame(issuer, signed.issuer) && isSame(serial, signed.serial),
    )
    if (signer === undefined)
      return refuse({
        code: 'document_signer_unknown',
        detail: 'the document does not contain the certificate of its signer: send it as the metadata service gave it',
      })
    const chain = await checkSigner(signer, certificates, section.value, context)
    if (!chain.ok) return chain
    if (signer.key === undefined || !(await verifySignedDocument(signed, signer.key)))
      return refuse({ code: 'signature_invalid', detail: 'the signature does not hold over the document' })
    const ageSeconds = Math.max(0, nowSeconds - document.createdSeconds)
    return pass({ expiresAtSeconds: document.expiresSeconds, facts: { ...document, ageSeconds } })
  },

  checks: checkMachine,
  attributes: listMachineAttributes,
  record: ({ ageSeconds }) => ageSeconds ?? null,
  restore: restoreMachine,
}

const SUBSCRIPTION = 'azure_imds.subscription.id'

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return encodeHex(one) === encodeHex(other)
}

function openDocument({ signature, intermediates = [] }: AzureImdsShapes['evidence']): Checked<Opened> {
  const bytes = decodeBase64(signature.replace(/[\r\n]+/g, ''))
  const signed = bytes && readSignedDocument(bytes, 'azure')
  if (signed === undefined)
    return refuse({
      code: 'document_malformed',
      where: 'signature',
      detail:
        'the field signature is not a signed document as Azure makes it: send the member "signature" of the answer',
    })
  const document = readAttestedDocument(signed.content)
  if (!document.ok) return document
  const certificates: Certificate[] = []
  for (const der of [...signed.certificates, ...intermediates.map(decodeBase64)]) {
    const certificate = der && readCertificate(der)
    if (certificate === undefined)
      return refuse({
        code: 'certificate_malformed',
        where: 'intermediates',
        detail: 'a certificate of the document, or of the field intermediates, is not one in DER',
      })
    certificates.push(certificate)
  }
  return pass({ signed, document: document.value, certificates })
}

/**
 * The signer leads to a root of the section, and is a metadata service by its own name and use: the roots have issued
 * certificates to everybody.
 */
async function checkSigner(
  signer: Certificate,
  sent: readonly Certificate[],
  { roots, intermediates }: AzureCertificates,
  context: AttestContext,
): Promise<Checked<undefined>> {
  const { commonName, dnsNames, keyUsage, extendedKeyUsage, basicConstraints } = signer
  const names = dnsNames.length > 0 ? dnsNames : commonName === undefined ? [] : [commonName]
  const isService = extendedKeyUsage?.includes(OID.serverAuth) === true
  const maySign = keyUsage === undefined || keyUsage.has(KEY_USAGE.digitalSignature)
  if (!names.some((name) => SIGNER.test(name)))
    return refuse({
      code: 'document_signer_unknown',
      detail: 'the signer of the document is not a metadata service of Azure by its name',
    })
  if (!isService || !maySign || basicConstraints?.isAuthority === true)
    return refuse({
      code: 'certificate_unusable',
      detail: 'the certificate of the signer is not for a service that signs (keyUsage, extendedKeyUsage)',
    })
  const others = [...sent, ...intermediates].filter((one) => one !== signer)
  const chain: [Certificate, ...Certificate[]] = [signer]
  // The bag is in no order: each issuer is looked up by its name.
  for (let last = signer; chain.length < CERTIFICATE_CHAIN_MAX; ) {
    const next = others.find((one) => isSame(one.subject, last.issuer) && !chain.includes(one))
    if (next === undefined || roots.some((root) => isSame(root.subject, last.issuer))) break
    chain.push(next)
    last = next
  }
  const validated = await validateChain(chain, roots, context)
  return validated.ok
    ? pass(undefined)
    : refuse({
        code: validated.fault,
        detail: `the certificates of the document cannot be used: ${validated.why}: send the certificates between its signer and a root as intermediates`,
        audit: { section: 'AzureCertificates' },
      })
}
