// Explains one login offline, with the gateway's own evaluator: what policies say of evidence at a time, with the keys, the
// sections and the revocations that are at hand.
import type { SharedSections } from '../attest/shared-sections.ts'
import type { AttestorTable } from '../attest/table.ts'
import type { ConditionEngine } from '../condition/vm/engine.ts'
import { formatInstantSeconds } from '../core/instant.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { encodeUtf8 } from '../core/utf8.ts'
import type { Attestation } from '../policy/login/evidence.ts'
import { explainLogin } from '../policy/login/explain-login.ts'
import type { PolicySet } from '../policy/policy.ts'
import { checkLock, type ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import { ASSUMED_UNUSED } from '../policy/single-use/single-use.ts'
import type { RequestKeys } from '../token/keys/key-source.ts'
import { type ExplanationJson, makeExplanationJson } from './explain-report.ts'
import { makeBodyAnswer, makeLockedVerdict, readVerdict, type Verdict } from './explain-verdict.ts'
import { callOffline, makeOfflineRefusal, NOT_ASKED_OFFLINE } from './offline-keys.ts'
import { readEvidenceText } from './read-evidence.ts'

export interface EvidenceToExplain {
  /** The body of the login as it is sent, or a bare token. */
  readonly text: string
  readonly policies: PolicySet
  /** Of the document that the policies are of. */
  readonly document: { readonly section: string; readonly digest: string }
  readonly attestors: AttestorTable
  readonly engine: ConditionEngine
  /** Seconds since the epoch. */
  readonly atSeconds: number
  readonly skewSeconds: number
  readonly keys: RequestKeys
  readonly audience: string
  /** Sections of the trust domain that attestors verify with; one that is missing leaves its attestors undecided. */
  readonly sections: Partial<SharedSections>
  readonly revocations: readonly ScopedRevocations[]
}

export interface RefusedBody {
  readonly kind: 'refused'
  readonly answer: { readonly status: number; readonly code: string }
  readonly detail: string
}

export type ExplainedEvidence =
  /** The body is refused as a whole, whatever the policies. */
  | { readonly kind: 'refused_body'; readonly verdict: RefusedBody }
  /** `report`: every policy, check and condition, as `postern explain --json` prints it. */
  | {
      readonly kind: 'explained'
      readonly verdict: Verdict
      readonly report: ExplanationJson
      readonly attestations: readonly Attestation[]
    }

/** Explains a login. Nothing is fetched, and no token is in the report. */
export async function explainEvidence(given: EvidenceToExplain): Promise<ExplainedEvidence> {
  const { attestors, policies } = given
  const attestations = readEvidenceText(given.text.trim(), encodeUtf8(given.text).length, attestors, policies)
  if (attestations === undefined) return refuseBody(NO_ATTESTOR)
  if (!attestations.ok) return refuseBody(attestations.refusal)
  return explainAttestations(attestations.value, given)
}

/** The same for evidence that has been read, or restored from a record. */
export async function explainAttestations(
  attestations: readonly Attestation[],
  given: Omit<EvidenceToExplain, 'text' | 'attestors'>,
): Promise<Extract<ExplainedEvidence, { readonly kind: 'explained' }>> {
  const { policies, atSeconds, audience, sections, revocations } = given
  const explanation = await explainLogin(attestations, policies, {
    engine: given.engine,
    nowSeconds: atSeconds,
    skewSeconds: given.skewSeconds,
    keys: given.keys,
    defaultAudience: audience,
    section: (name) => Promise.resolve(findSection(sections, name)),
    fetchJson: () => Promise.resolve(refuse(NOT_ASKED_OFFLINE)),
    callWebhook: callOffline,
    askHost: () => Promise.resolve({ kind: 'refused', refusal: NOT_ASKED_OFFLINE }),
    revocations,
    singleUse: ASSUMED_UNUSED,
  })
  const locked = checkLock(revocations, atSeconds)
  const verdict = locked === undefined ? readVerdict(explanation, given.document.section) : makeLockedVerdict(locked)
  const report = makeExplanationJson({
    document: { file: '', ...given.document },
    at: formatInstantSeconds(atSeconds),
    audience,
    explanation,
    ...(locked === undefined ? {} : { locked }),
    verdict,
  })
  return { kind: 'explained', verdict, report, attestations }
}

function findSection<Name extends keyof SharedSections>(
  sections: Partial<SharedSections>,
  name: Name,
): Checked<SharedSections[Name]> {
  const section = sections[name]
  return section === undefined ? refuse(makeOfflineRefusal(name, 'what was given')) : pass(section)
}

const NO_ATTESTOR: Refusal = {
  code: 'request_malformed',
  detail: 'no attestor takes a bare string: give the body of the login',
}

function refuseBody(refusal: Refusal): ExplainedEvidence {
  const { status, code } = makeBodyAnswer(refusal)
  return { kind: 'refused_body', verdict: { kind: 'refused', answer: { status, code }, detail: refusal.detail } }
}
