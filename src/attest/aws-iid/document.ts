// The identity document: what the signed blob contains, and nothing that is sent beside it.
import { readSignedDocument, type SignedDocument } from '../../certificate/signed-document.ts'
import { decodeBase64 } from '../../core/base64.ts'
import { parseAnyInstantSeconds } from '../../core/instant.ts'
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { readTypedClaims } from '../oidc/typed-claims.ts'

const SHAPE = {
  accountId: 'text',
  instanceId: 'text',
  region: 'text',
  availabilityZone: 'text',
  imageId: 'text',
  instanceType: 'text',
  pendingTime: 'text',
} as const

export interface IdentityDocument {
  readonly accountId: string
  readonly instanceId: string
  readonly region: string
  readonly availabilityZone: string
  readonly imageId: string
  readonly instanceType: string
  readonly pendingTime: string
  /** The same in seconds since 1970. */
  readonly pendingSeconds: number
  readonly privateIp: string | undefined
}

export interface OpenedDocument {
  readonly signed: SignedDocument
  readonly document: IdentityDocument
  /** As it was signed. */
  readonly text: string
}

/** The depth of the document: an object with lists of strings. */
const DEPTH = 4

const FORMS: Readonly<Partial<Record<keyof IdentityDocument, RegExp>>> = {
  accountId: /^[0-9]{12}$/,
  instanceId: /^i-[0-9a-f]{8,32}$/,
  region: /^[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}$/,
  privateIp: /^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}$/,
}

/**
 * Opens the answer of the metadata service's endpoint `rsa2048`: base64 in lines, without armour.
 *
 * @returns the document, not verified; or `document_malformed`
 */
export function openDocument(pkcs7: string): Checked<OpenedDocument> {
  const bytes = decodeBase64(pkcs7.replace(/[\r\n]+/g, ''))
  if (bytes === undefined) return malformed('is not base64')
  const signed = readSignedDocument(bytes, 'aws')
  if (signed === undefined) return malformed('is not a signed document as AWS makes it')
  const text = decodeUtf8(signed.content)
  const json = parseJsonBytes(signed.content, DEPTH)
  if (text === undefined || !json.ok || !isJsonObject(json.value))
    return malformed('does not contain an object in JSON')
  const read = readTypedClaims(json.value, SHAPE)
  if (!read.ok) return malformed(`contains a document whose ${read.refusal.where} is missing or no string`)
  const { privateIp = null } = json.value
  const pendingSeconds = parseAnyInstantSeconds(read.value.pendingTime)
  const document = {
    ...read.value,
    pendingSeconds: pendingSeconds ?? Number.NaN,
    privateIp: typeof privateIp === 'string' ? privateIp : undefined,
  }
  if (pendingSeconds === undefined || (privateIp !== null && document.privateIp === undefined))
    return malformed('contains a document whose pendingTime or privateIp is not one')
  for (const [name, form] of Object.entries(FORMS)) {
    const value = document[name as keyof typeof FORMS]
    if (value !== undefined && !form.test(String(value)))
      return malformed(`contains a document whose ${name} is not one`)
  }
  return pass({ signed, document, text })
}

function malformed(what: string): Checked<never> {
  return refuse({
    code: 'document_malformed',
    where: 'pkcs7',
    detail: `the field pkcs7 ${what}: send the answer of http://169.254.169.254/latest/dynamic/instance-identity/rsa2048`,
  })
}
