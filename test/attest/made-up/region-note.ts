// Section: a note of a cloud about a machine, signed by a key whose certificate the trust domain pins for its region.
import { verify, X509Certificate } from 'node:crypto'
import * as v from 'valibot'
import type { Attestor } from '../../../src/attest/attestor.ts'
import { pickClaimed, readClaimedText, readClaimedTime } from '../../../src/attest/claimed.ts'
import { makeRows } from '../../../src/attribute/row.ts'
import { decodeBase64url } from '../../../src/core/base64.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonBytes } from '../../../src/core/json.ts'
import type { Refusal } from '../../../src/core/refusal.ts'
import { pass, refuse } from '../../../src/core/result.ts'

interface Note {
  readonly region: string
  readonly account: string
  readonly expiresAtSeconds: number
}

interface RegionNoteShapes {
  evidence: { readonly note: string; readonly signature: string }
  config: { readonly accounts?: readonly string[] | undefined }
  pins: { readonly accounts: readonly string[] | undefined }
  anchor: 'AWSCertificates'
  opened: Note & { readonly signed: Uint8Array; readonly signature: Uint8Array }
  facts: Pick<Note, 'region' | 'account'>
  request: never
  secret: never
}

const text = v.pipe(v.string(), v.nonEmpty())

export const regionNote: Attestor<RegionNoteShapes> = {
  type: 'region_note',
  words: {
    evidence: 'a region note',
    summary: 'A note that the cloud of a region has signed. It proves the region and the account of a machine.',
  },
  evidenceSchema: v.strictObject({ note: text, signature: text }),
  configSchema: v.strictObject({
    accounts: v.optional(v.pipe(v.array(text), v.nonEmpty(), v.description('Accounts, any one of them'))),
  }),
  configOptional: true,
  attributeRows: makeRows('region_note', 'agent', {
    'region_note.region': { identity: true, alphabet: 'label', description: 'Region of the machine' },
    'region_note.account': { identity: true, alphabet: 'digits', description: 'Account of the machine' },
  }),

  compile: ({ accounts }) => ({
    anchor: { id: 'AWSCertificates', value: 'AWSCertificates' },
    pins: { accounts },
    scoped: accounts !== undefined,
  }),

  open({ note: encoded, signature: encodedSignature }) {
    const signed = decodeBase64url(encoded)
    const signature = decodeBase64url(encodedSignature)
    const note = readNote(signed)
    if (signed === undefined || signature === undefined || note === undefined) return refuse(MALFORMED)
    return pass({ digestible: encoded, value: { ...note, signed, signature } })
  },

  readClaimed({ note }) {
    const { region, account, expiresAtSeconds } = readMembers(decodeBase64url(note))
    const claimed = { issuer: readClaimedText(region), subject: readClaimedText(account) }
    return pickClaimed({ ...claimed, expiresAt: readClaimedTime(expiresAtSeconds) })
  },

  async verify({ region, account, expiresAtSeconds, signed, signature }, { value: section }, _pins, context) {
    if (expiresAtSeconds + context.skewSeconds <= context.nowSeconds) return refuse(EXPIRED)
    const certificates = await context.section(section)
    if (!certificates.ok) return certificates
    const pinned = certificates.value.get(region) ?? []
    if (pinned.length === 0) return refuse(REGION_UNKNOWN)
    if (!pinned.some((der) => isSignedBy(der, signed, signature))) return refuse(FORGED)
    return pass({ expiresAtSeconds, facts: { region, account } })
  },

  *checks({ account }, { accounts }) {
    if (accounts === undefined) return
    const detail = 'the policy does not accept the account of the note'
    const refusal: Refusal = { code: 'condition_failed', detail, audit: { accounts } }
    const isAccepted = accounts.includes(account)
    yield { name: 'account', expected: accounts, actual: account, refusal: isAccepted ? undefined : refusal }
  },

  attributes: ({ region, account }) => [
    { origin: 'region_note', name: 'region_note.region', value: region },
    { origin: 'region_note', name: 'region_note.account', value: account },
  ],

  restore(attributes) {
    const region = attributes.get('region_note.region')
    const account = attributes.get('region_note.account')
    return typeof region === 'string' && typeof account === 'string' ? { facts: { region, account } } : undefined
  },
}

function isSignedBy(der: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = new X509Certificate(der).publicKey
    return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
  } catch {
    // The section has checked that it is DER, and no more.
    return false
  }
}

function readMembers(bytes: Uint8Array | undefined): JsonObject {
  const json = bytes === undefined ? undefined : parseJsonBytes(bytes, 2)
  return json?.ok === true && isJsonObject(json.value) ? json.value : {}
}

function readNote(bytes: Uint8Array | undefined): Note | undefined {
  const { region, account, expiresAtSeconds }: Record<string, Json | undefined> = readMembers(bytes)
  const isNote = typeof region === 'string' && typeof account === 'string' && typeof expiresAtSeconds === 'number'
  return isNote ? { region, account, expiresAtSeconds } : undefined
}

const MALFORMED: Refusal = { code: 'token_malformed', detail: 'the note is not base64url of JSON with its members' }
const EXPIRED: Refusal = { code: 'token_expired', detail: 'the note has expired: send a new one' }
const REGION_UNKNOWN: Refusal = { code: 'signing_key_unknown', detail: 'no certificate of that region is known' }
const FORGED: Refusal = { code: 'signature_invalid', detail: 'no certificate of the region verifies the note' }
