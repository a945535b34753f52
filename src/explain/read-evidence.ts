// Reads the evidence of a login that is explained: its body as it was sent, or a bare token.
import type { AttestorTable } from '../attest/table.ts'
import { parseJson } from '../core/json.ts'
import { JSON_DEPTH_MAX, LOGIN_BODY_MAX_BYTES } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { loginBodySchema, readAttestations } from '../gateway/attestations.ts'
import { checkShape } from '../gateway/request-body.ts'
import type { Attestation } from '../policy/login/evidence.ts'
import type { PolicySet } from '../policy/policy.ts'
import { leaveSealed } from './sealed-evidence.ts'

/**
 * Reads evidence.
 * @param text - not empty
 * @param bytes - how many bytes it is of
 * @param policies - those of the document: a bare token does not say of which type it is
 * @returns the attestations, or the refusal that the gateway would answer to the body regardless of its policies;
 * `undefined` for a bare string that no attestor takes
 */
export function readEvidenceText(
  text: string,
  bytes: number,
  attestors: AttestorTable,
  policies: PolicySet,
): Checked<readonly Attestation[]> | undefined {
  // A bare token cannot begin with a brace: it consists of base64url and dots.
  if (!text.startsWith('{')) {
    const bare = findBare(text, attestors, policies)
    return bare && checkBody({ attestations: [bare] }, attestors)
  }
  if (bytes > LOGIN_BODY_MAX_BYTES) return refuseLargeBody()
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
): { readonly type: string; readonly evidence: unknown } | undefined {
  const taking = [...rows.values()].flatMap((row) => {
    const evidence = row.readBare?.(text)
    return evidence === undefined ? [] : [{ row, evidence }]
  })
  const asked = taking.filter(({ row }) => policies.asksFor(row.type))
  const opens = ({ row, evidence }: (typeof taking)[number]): boolean => row.open(evidence, undefined).ok
  const found = asked.find(opens) ?? taking.find(opens) ?? asked[0] ?? taking[0]
  return found && { type: found.row.type, evidence: found.evidence }
}

export function refuseLargeBody(): Checked<never> {
  return refuse({ code: 'body_too_large', detail: `the body has more than ${LOGIN_BODY_MAX_BYTES} bytes` })
}

function checkBody(body: unknown, attestors: AttestorTable): Checked<readonly Attestation[]> {
  const shaped = checkShape(loginBodySchema, body, [])
  const read = shaped.ok ? readAttestations(shaped.value, attestors) : shaped
  return read.ok ? pass(read.value.map(leaveSealed)) : read
}
