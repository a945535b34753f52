// Reads the input of `postern explain`: the body of a login as it was sent, or a bare token, and the time to evaluate it at.
import type { AttestorTable } from '../../attest/table.ts'
import { floorToSeconds, isNumericDate, parseAnyInstantSeconds } from '../../core/instant.ts'
import { parseJson } from '../../core/json.ts'
import { DOCUMENT_MAX_BYTES, JSON_DEPTH_MAX, LOGIN_BODY_MAX_BYTES } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { loginBodySchema, readAttestations } from '../../gateway/attestations.ts'
import { checkShape } from '../../gateway/request-body.ts'
import type { Attestation } from '../../policy/login/evidence.ts'
import type { PolicySet } from '../../policy/policy.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'
import { leaveSealed } from './sealed-evidence.ts'

/**
 * Reads evidence from a login body or a bare token.
 * @param file - a path, or `-` for standard input
 * @param policies - those of the document: a bare token does not say of which type it is
 * @returns the attestations, or the refusal that the gateway would answer to the body regardless of its policies
 */
export async function readEvidence(
  file: string,
  attestors: AttestorTable,
  policies: PolicySet,
  io: Io,
): Promise<Checked<readonly Attestation[]>> {
  const bytes = file === '-' ? await io.input(DOCUMENT_MAX_BYTES) : await readDocumentFile(file, io)
  if (bytes === undefined) return refuseLargeBody()
  const text = decodeUtf8(bytes)?.trim() ?? ''
  if (text === '') throw new Stop(EXIT.usage, `Cannot read ${describeFile(file)}: it is empty or not valid UTF-8`)
  // A bare token cannot begin with a brace: it consists of base64url and dots.
  if (!text.startsWith('{')) return checkBody({ attestations: [findBare(text, attestors, policies)] }, attestors)
  if (bytes.length > LOGIN_BODY_MAX_BYTES) return refuseLargeBody()
  const json = parseJson(text, JSON_DEPTH_MAX)
  if (json.ok) return checkBody(json.value, attestors)
  const detail = `the body is not valid JSON: ${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`
  return refuse({ code: 'request_malformed', detail })
}

/**
 * Finds the first attestor that can open the string, one that the policies ask for before others; or else the first that
 * takes one: its refusal says what is wrong.
 */
function findBare(
  text: string,
  { rows }: AttestorTable,
  policies: PolicySet,
): { readonly type: string; readonly evidence: unknown } {
  const taking = [...rows.values()].flatMap((row) => {
    const evidence = row.readBare?.(text)
    return evidence === undefined ? [] : [{ row, evidence }]
  })
  const asked = taking.filter(({ row }) => policies.asksFor(row.type))
  const opens = ({ row, evidence }: (typeof taking)[number]): boolean => row.open(evidence, undefined).ok
  const found = asked.find(opens) ?? taking.find(opens) ?? asked[0] ?? taking[0]
  if (found === undefined) throw makeUsageStop('No attestor takes a bare string: give the body of the login')
  return { type: found.row.type, evidence: found.evidence }
}

function refuseLargeBody(): Checked<never> {
  return refuse({ code: 'body_too_large', detail: `the body has more than ${LOGIN_BODY_MAX_BYTES} bytes` })
}

function checkBody(body: unknown, attestors: AttestorTable): Checked<readonly Attestation[]> {
  const shaped = checkShape(loginBodySchema, body, [])
  const read = shaped.ok ? readAttestations(shaped.value, attestors) : shaped
  return read.ok ? pass(read.value.map(leaveSealed)) : read
}

function describeFile(file: string): string {
  return file === '-' ? 'the standard input' : file
}

/**
 * Reads `--at` in seconds since the epoch: RFC 3339, seconds, or `iat`, the issue time of the first token that has one.
 * Default: now.
 */
export function readMoment(text: string | undefined, attestations: readonly Attestation[], io: Io): number {
  if (text === undefined) return floorToSeconds(io.clock())
  if (text === 'iat') {
    const issued = attestations.map(readIssuedAtSeconds).find((seconds) => seconds !== undefined)
    if (issued !== undefined) return issued
    throw makeUsageStop('--at iat needs evidence with a token that has the claim "iat": give the time instead')
  }
  const seconds = /^[0-9]{1,12}$/.test(text) ? Number(text) : parseAnyInstantSeconds(text)
  if (isNumericDate(seconds)) return seconds
  throw makeUsageStop(
    `--at "${text}" is not a time. Expected one of: RFC 3339 such as 2026-01-31T12:00:00Z, seconds since the epoch, iat`,
  )
}

function readIssuedAtSeconds({ attestor, evidence }: Attestation): number | undefined {
  const { issuedAt } = attestor?.readClaimed(evidence) ?? {}
  const seconds = issuedAt === undefined ? undefined : parseAnyInstantSeconds(issuedAt)
  return isNumericDate(seconds) ? seconds : undefined
}
