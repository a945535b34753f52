// The attested document: what the signed blob contains.
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { readTypedClaims } from '../oidc/typed-claims.ts'

export interface AttestedDocument {
  readonly nonce: string
  readonly vmId: string
  readonly subscriptionId: string
  /** Seconds since 1970. */
  readonly createdSeconds: number
  readonly expiresSeconds: number
}

const DEPTH = 4
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Reads the content; refuses with `document_malformed`. */
export function readAttestedDocument(content: Uint8Array<ArrayBuffer>): Checked<AttestedDocument> {
  const json = parseJsonBytes(content, DEPTH)
  if (!json.ok || !isJsonObject(json.value)) return malformed('is no object in JSON')
  const read = readTypedClaims(json.value, { nonce: 'text', vmId: 'text', subscriptionId: 'text' })
  if (!read.ok) return malformed(`has no string ${read.refusal.where}`)
  // Both spellings are documented; a document has one of them.
  const { timeStamp, timestamp = timeStamp } = json.value
  const times = isJsonObject(timestamp)
    ? readTypedClaims(timestamp, { createdOn: 'text', expiresOn: 'text' })
    : undefined
  const [created, expires] = times?.ok ? [readTime(times.value.createdOn), readTime(times.value.expiresOn)] : []
  if (created === undefined || expires === undefined) return malformed('has no times createdOn and expiresOn')
  const { nonce, vmId, subscriptionId } = read.value
  if (!UUID.test(vmId) || !UUID.test(subscriptionId)) return malformed('has a vmId or subscriptionId that is no UUID')
  return pass({
    nonce,
    vmId: vmId.toLowerCase(),
    subscriptionId: subscriptionId.toLowerCase(),
    createdSeconds: created,
    expiresSeconds: expires,
  })
}

/** `11/20/18 22:07:39 -0000`: month, day, year, in UTC. */
function readTime(text: string): number | undefined {
  const parts = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) [-+]0000$/.exec(text)
  if (parts === null) return undefined
  const [, month, day, year, hour, minute, second] = parts
  const iso = `20${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const millis = Date.parse(iso)
  return Number.isFinite(millis) && new Date(millis).toISOString() === iso ? millis / 1000 : undefined
}

function malformed(what: string): Checked<never> {
  return refuse({
    code: 'document_malformed',
    where: 'signature',
    detail: `the document ${what}: send the answer of the metadata service to api-version 2021-02-01 or newer`,
  })
}
