// What a document says about a login, for a page or a pipeline: the tool's `validate` and `explain` without files, network or
// clock. The engine is the gateway's own.
import { createAttestorTable } from '../attest/table.ts'
import { createConditionEngine } from '../condition/vm/engine.ts'
import { readClaimedSection } from '../config/compile/claimed-section.ts'
import { compileDocument } from '../config/compile/compile.ts'
import { createContextFor } from '../config/compile/compile-context.ts'
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import { createSectionStatus, type IssueStatus } from '../config/live/status.ts'
import { hasScope, isPolicySection, type SectionName } from '../config/sections/table.ts'
import { computeDigest } from '../core/digest.ts'
import { isNumericDate } from '../core/instant.ts'
import { CLOCK_SKEW_DEFAULT_SECONDS } from '../core/limits.ts'
import { encodeUtf8 } from '../core/utf8.ts'
import type { PolicySet } from '../policy/policy.ts'
import { readKeySet } from '../token/keys/key-set.ts'
import { explainEvidence, type RefusedBody } from './explain-evidence.ts'
import type { Verdict } from './explain-verdict.ts'
import { createOfflineKeys } from './offline-keys.ts'
import { ABLE } from './offline-situation.ts'

/** The names of the gateway that a document is checked for, as its settings have them. */
export interface DocumentSettings {
  readonly trustDomain: string
  /** Default: a URL that nobody has. */
  readonly issuerUrl?: string
  /** Default: `spiffe://` and the trust domain. */
  readonly audience?: string
  readonly allowLoopbackIssuers?: boolean
  /** Origins of issuers that may have private addresses. */
  readonly privateIssuers?: readonly string[]
}

export interface ValidatedDocument {
  /** The section that the document says it is; absent if it says none that is known. */
  readonly section?: SectionName
  readonly digest: string
  readonly valid: boolean
  /** Errors, with path, line and column; nothing is admitted by a document that has one. */
  readonly issues: readonly IssueStatus[]
  readonly warnings: readonly IssueStatus[]
}

/**
 * Checks a managed-configuration document as the gateway would.
 * @param text - YAML or JSON
 */
export async function validateDocument(text: string, settings: DocumentSettings): Promise<ValidatedDocument> {
  return (await read(text, settings)).validated
}

export interface LoginToExplain {
  /** An `AgentAttestation`, `TrustDomainServerAttestation` or `ServerlessAttestation` document, YAML or JSON. */
  readonly document: string
  /** The body of the login as it is sent, or a bare token. */
  readonly evidence: string
  readonly settings: DocumentSettings
  /** The time of the login, in seconds since the epoch. */
  readonly atSeconds: number
  /** Default {@link CLOCK_SKEW_DEFAULT_SECONDS}. */
  readonly clockSkewSeconds?: number
  /** The issuer's key set (RFC 7517), in place of fetching it. Without it a signature by a fetched key stays unchecked. */
  readonly jwks?: Readonly<Record<string, unknown>>
  /** The compiled `policy-vm.wasm`. */
  readonly module: WebAssembly.Module
}

export type ExplainedLogin =
  /** The document does not compile, or has no login policies. */
  | { readonly kind: 'invalid_document'; readonly document: ValidatedDocument }
  /** The body is refused as a whole, whatever the policies. */
  | { readonly kind: 'refused_body'; readonly verdict: RefusedBody }
  /** `report`: every policy, check and condition, as `postern explain --json` prints it. */
  | { readonly kind: 'explained'; readonly verdict: Verdict; readonly report: unknown }

/**
 * Explains a login policy by policy and check by check, with the verdict that the gateway would give. Revocations are not
 * considered, and evidence of single use is taken for unused. Nothing is fetched, and no token is in what is returned.
 * @throws {TypeError} if `atSeconds` or `clockSkewSeconds` is not a time, or `jwks` not a key set
 */
export async function explainDocument(login: LoginToExplain): Promise<ExplainedLogin> {
  const { settings, atSeconds, clockSkewSeconds = CLOCK_SKEW_DEFAULT_SECONDS, jwks, module } = login
  if (!isNumericDate(atSeconds) || !isNumericDate(clockSkewSeconds))
    throw new TypeError('atSeconds and clockSkewSeconds must be whole seconds, not negative')
  const given = jwks === undefined ? undefined : readKeySet(jwks)
  if (jwks !== undefined && given === undefined) throw new TypeError('jwks: "keys" must be an array')
  const { validated, policies, attestors, audience } = await read(login.document, settings)
  if (policies === undefined) return { kind: 'invalid_document', document: validated }

  const { section = '', digest } = validated
  const explained = await explainEvidence({
    text: login.evidence,
    policies,
    document: { section, digest },
    attestors,
    engine: createConditionEngine(module),
    atSeconds,
    skewSeconds: clockSkewSeconds,
    keys: createOfflineKeys(given),
    audience,
    sections: {},
    revocations: [],
  })
  if (explained.kind === 'refused_body') return explained
  const { verdict, report } = explained
  return { kind: 'explained', verdict, report }
}

async function read(text: string, settings: DocumentSettings) {
  const { trustDomain, issuerUrl = 'https://issuer.invalid', audience = `spiffe://${trustDomain}` } = settings
  const { allowLoopbackIssuers = false, privateIssuers = [] } = settings
  const attestors = createAttestorTable()
  const contextFor = createContextFor(
    {
      ...{ trustDomain, issuerUrl, audience, allowLoopbackIssuers, privateIssuers },
      ...ABLE,
    },
    attestors,
  )
  const bytes = encodeUtf8(text)
  const claimed = readClaimedSection(bytes)
  const section = claimed ?? 'AgentAttestation'
  const key = makeKey(section)
  const digest = await computeDigest(bytes)
  const result = compileDocument(section, bytes, contextFor(key))
  const found = result.ok ? result.warnings : result.issues
  const status = createSectionStatus(section, {
    kind: 'invalid',
    digest,
    issues: found,
    stale: false,
    attemptedAtMillis: 0,
    contested: false,
  })
  const validated: ValidatedDocument = {
    ...(claimed === undefined ? {} : { section: claimed }),
    digest,
    valid: result.ok,
    issues: status.issues,
    warnings: status.warnings,
  }
  const hasPolicies = claimed !== undefined && isPolicySection(claimed)
  // These sections compile to policies.
  const policies = result.ok && hasPolicies ? (result.value as PolicySet) : undefined
  return { validated, policies, attestors, audience }
}

/** The cluster id does not affect what a document means. */
function makeKey(section: SectionName): DocumentKey<SectionName> {
  const clusterId = parseClusterId('any')
  return hasScope(section, 'cluster') && clusterId !== undefined
    ? clusterKey(clusterId, section)
    : trustDomainKey(section)
}
