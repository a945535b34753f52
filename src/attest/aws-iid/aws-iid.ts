// `aws_iid`: the identity document of an EC2 instance, signed by its region. Nothing in it is fresh: whoever read it once from
// the metadata service has it for as long as the instance lives, so that alone it scopes nothing.
import * as v from 'valibot'
import { readCertificate } from '../../certificate/certificate.ts'
import { verifySignedDocument } from '../../certificate/signed-document.ts'
import { encodeHex } from '../../core/bytes.ts'
import { digestText } from '../../core/digest.ts'
import { SIGNED_DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import { pass, refuse } from '../../core/result.ts'
import type { Attestor } from '../attestor.ts'
import { pickClaimed } from '../claimed.ts'
import { type AwsIidConfig, type AwsIidPins, awsIidConfigSchema, compileAwsIid } from './config.ts'
import { type IdentityDocument, type OpenedDocument, openDocument } from './document.ts'
import { checkAwsIid, type InstanceFacts, listInstanceAttributes, restoreInstance } from './instance.ts'

interface AwsIidShapes {
  evidence: { readonly pkcs7: string }
  config: AwsIidConfig
  pins: AwsIidPins
  anchor: undefined
  opened: OpenedDocument
  facts: InstanceFacts
  request: never
  secret: never
}

/** The certificates are those of the section, in whatever version is in force. */
const ANCHOR = { id: digestText('aws_iid AWSCertificates'), value: undefined }

export const awsIid: Attestor<AwsIidShapes> = {
  type: 'aws_iid',
  words: {
    evidence: 'an instance identity document',
    summary:
      'The identity document of an EC2 instance, with the RSA-2048 signature of its region, verified by the certificates of the section `AWSCertificates`. It proves the account, the region, the instance and its image. It never changes and is bound to nothing: any process on the instance can read it, and whoever has read it once can send it for ever. Require a second attestor beside it. Tags, security groups and roles need calls to EC2 and are never present.',
    unscoped: {
      code: 'trust_replayable',
      admits: 'whoever has read the identity document of an instance once can log in for ever, from anywhere',
      next: 'require a second attestor beside aws_iid, such as k8s_token, with a condition that compares the two',
    },
  },
  reissue: { how: 'never', words: 'an instance has one identity document for as long as it lives' },
  evidenceSchema: v.strictObject({
    pkcs7: v.pipe(v.string(), v.nonEmpty(), v.maxLength(2 * SIGNED_DOCUMENT_MAX_BYTES)),
  }),
  configSchema: awsIidConfigSchema,
  configOptional: true,

  compile(config, context, report) {
    const pins = compileAwsIid(config, context, report)
    return pins && { anchor: ANCHOR, pins, scoped: false }
  },

  open({ pkcs7 }) {
    const opened = openDocument(pkcs7)
    return opened.ok ? pass({ digestible: opened.value.text, value: opened.value }) : opened
  },

  readBare: (text) => ({ pkcs7: text }),

  readClaimed({ pkcs7 }) {
    const opened = openDocument(pkcs7)
    if (!opened.ok) return {}
    const { accountId, region, instanceId } = opened.value.document
    return pickClaimed({ account: accountId, region, instance: instanceId })
  },

  async verify({ signed, document }, _anchor, _pins, context) {
    const section = await context.section('AWSCertificates')
    if (!section.ok) return section
    const certificates = (section.value.get(document.region) ?? []).flatMap((der) => readCertificate(der) ?? [])
    // The region is read from the document, and only its own certificates count. All have one subject: the serial tells.
    const signers = certificates.filter(
      ({ issuer, serial }) => isSame(issuer, signed.issuer) && isSame(serial, signed.serial),
    )
    if (signers.length === 0) return refuse(describeUnknownSigner(document))
    const { nowSeconds, skewSeconds } = context
    const valid = signers.filter(
      ({ notBefore, notAfter }) => nowSeconds + skewSeconds >= notBefore && nowSeconds - skewSeconds < notAfter,
    )
    if (valid.length === 0) return refuse(describeExpiredSigner(document))
    for (const { key } of valid) {
      if (key === undefined || !(await verifySignedDocument(signed, key))) continue
      const ageSeconds = Math.max(0, nowSeconds - document.pendingSeconds)
      return pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: { document, ageSeconds } })
    }
    return refuse(FORGED)
  },

  checks: checkAwsIid,
  attributes: listInstanceAttributes,
  record: ({ ageSeconds }) => ageSeconds ?? null,
  restore: restoreInstance,
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return encodeHex(one) === encodeHex(other)
}

function describeUnknownSigner({ region }: IdentityDocument): Refusal {
  return {
    code: 'document_signer_unknown',
    detail: `the document is not signed by a certificate that is known for its region ${quoteText(region)}: send the answer of the endpoint rsa2048`,
    audit: { section: 'AWSCertificates' },
  }
}

function describeExpiredSigner({ region }: IdentityDocument): Refusal {
  return {
    code: 'certificate_expired',
    detail: `the certificate that the gateway has for the region ${quoteText(region)} is outside its validity: ask its operator`,
    audit: { section: 'AWSCertificates' },
  }
}

const FORGED: Refusal = {
  code: 'signature_invalid',
  detail: 'the signature does not hold over the document: send the answer of the endpoint rsa2048 unchanged',
}
