// What `postern explain` is asked about: the body of a login as it was sent, a bare token, or the attributes of a login
// that is on record; and the moment at which it is looked at.
import type { AttestorTable } from '../../attest/table.ts'
import { parseJson } from '../../core/json.ts'
import { JSON_DEPTH_MAX, LOGIN_BODY_MAX_BYTES, NUMERIC_DATE_MAX_SECONDS } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { loginBodySchema, readAttestations } from '../../gateway/attestations.ts'
import { checkShape } from '../../gateway/body.ts'
import type { Attestation } from '../../policy/login/evidence.ts'
import { parseTokenForm } from '../../token/parse.ts'
import { EXIT, type Io, Stop, usageStop } from '../command.ts'
import { readDocumentFile } from '../document.ts'
import { leaveSealed } from './sealed-evidence.ts'

/** A refusal is what the gateway would answer to the body, whatever the policies are. `file` is `-` for standard input. */
export async function readEvidence(
  file: string,
  attestors: AttestorTable,
  io: Io,
): Promise<Checked<readonly Attestation[]>> {
  const bytes = file === '-' ? await io.input() : await readDocumentFile(file, io)
  const text = decodeUtf8(bytes)?.trim() ?? ''
  if (text === '') throw new Stop(EXIT.usage, `Cannot read ${nameOf(file)}: it is empty, or no UTF-8 text`)
  // A token has no brace: it is base64url and dots.
  if (!text.startsWith('{')) {
    return checkBody({ attestations: [{ type: 'k8s_token', evidence: { token: text } }] }, attestors)
  }
  if (bytes.length > LOGIN_BODY_MAX_BYTES) {
    return refuse({ code: 'body_too_large', detail: `the body has more than ${LOGIN_BODY_MAX_BYTES} bytes` })
  }
  const json = parseJson(text, JSON_DEPTH_MAX)
  if (json.ok) return checkBody(json.value, attestors)
  const detail = `the body cannot be read: ${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`
  return refuse({ code: 'request_malformed', detail })
}

function checkBody(body: unknown, attestors: AttestorTable): Checked<readonly Attestation[]> {
  const shaped = checkShape(loginBodySchema, body, [])
  const read = shaped.ok ? readAttestations(shaped.value, attestors) : shaped
  return read.ok ? pass(read.value.map(leaveSealed)) : read
}

function nameOf(file: string): string {
  return file === '-' ? 'the standard input' : file
}

const INSTANT =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$/

/** `--at`: RFC 3339, seconds since the epoch, or `iat`, the moment at which the first token with one was issued. */
export function readMoment(text: string | undefined, attestations: readonly Attestation[], io: Io): number {
  if (text === undefined) return Math.floor(io.clock() / 1000)
  if (text === 'iat') {
    const issued = attestations.map(issuedAtSeconds).find((seconds) => seconds !== undefined)
    if (issued !== undefined) return issued
    throw usageStop('--at iat needs evidence with a token that has an "iat": name the time instead')
  }
  const seconds = /^[0-9]{1,12}$/.test(text)
    ? Number(text)
    : INSTANT.test(text)
      ? Math.floor(Date.parse(text) / 1000)
      : Number.NaN
  if (seconds >= 0 && seconds <= NUMERIC_DATE_MAX_SECONDS) return seconds
  throw usageStop(`"${text}" is no time: write 2026-01-31T12:00:00Z, seconds since the epoch, or iat`)
}

function issuedAtSeconds({ evidence }: Attestation): number | undefined {
  if (typeof evidence !== 'object' || evidence === null || !('token' in evidence)) return undefined
  const { token } = evidence
  const form = typeof token === 'string' ? parseTokenForm(token) : undefined
  const iat = form?.ok === true ? form.value.claims['iat'] : undefined
  return typeof iat === 'number' && Number.isInteger(iat) && iat >= 0 && iat <= NUMERIC_DATE_MAX_SECONDS
    ? iat
    : undefined
}
