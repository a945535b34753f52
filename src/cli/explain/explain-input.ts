// Reads the input of `postern explain`: the body of a login as it was sent, or a bare token, and the time to evaluate it at.
import type { AttestorTable } from '../../attest/table.ts'
import { floorToSeconds, isNumericDate, parseAnyInstantSeconds } from '../../core/instant.ts'
import { DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import type { Checked } from '../../core/result.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { readEvidenceText, refuseLargeBody } from '../../explain/read-evidence.ts'
import type { Attestation } from '../../policy/login/evidence.ts'
import type { PolicySet } from '../../policy/policy.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'

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
  const read = readEvidenceText(text, bytes.length, attestors, policies)
  if (read === undefined) throw makeUsageStop('No attestor takes a bare string: give the body of the login')
  return read
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
