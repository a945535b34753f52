// Evidence that came with a challenge: what its proof is over is sealed, and only the gateway opens it. Offline nothing is
// known of it but that somebody sent it, so it is neither believed nor refused.
import type { Attestor } from '../attest/attestor.ts'
import { pass, refuse } from '../core/result.ts'
import type { SealedAttestation } from '../gateway/attestations.ts'
import type { Attestation } from '../policy/login/evidence.ts'
import { NOT_OPENED_OFFLINE } from './offline-keys.ts'

/** The attestation with an attestor that leaves it undecided. Without a challenge it is what it was. */
export function leaveSealed({ sealed, ...attestation }: SealedAttestation): Attestation {
  const { attestor } = attestation
  return sealed === undefined || attestor === undefined ? attestation : { ...attestation, attestor: unopened(attestor) }
}

function unopened(row: Attestor): Attestor {
  const { detail } = NOT_OPENED_OFFLINE
  const check = { name: 'challenge', expected: 'one of the gateway', actual: undefined, refusal: undefined }
  return {
    type: row.type,
    words: row.words,
    evidenceSchema: row.evidenceSchema,
    configSchema: row.configSchema,
    configOptional: row.configOptional,
    compile: (config, context, report) => row.compile(config, context, report),
    open: () => pass({ digestible: 'sealed', value: undefined }),
    readClaimed: (evidence) => row.readClaimed(evidence),
    verify: () => Promise.resolve(refuse(NOT_OPENED_OFFLINE)),
    explainVerification: () => Promise.resolve({ checks: [{ ...check, unknown: detail }] }),
    checks: () => [],
    attributes: () => [],
  }
}
