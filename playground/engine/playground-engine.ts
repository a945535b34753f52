// The gateway's own engine behind the page: documents, evidence and a time become a report. No network, no clock and no
// store: the worker of the page and the tests of the repository call this very module.
import type { SharedSections } from '../../src/attest/shared-sections.ts'
import { createAttestorTable } from '../../src/attest/table.ts'
import { listAttributeNames } from '../../src/attribute/catalogue.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import type { SectionValues } from '../../src/config/compile/compile.ts'
import type { CompileSettings } from '../../src/config/compile/compile-context.ts'
import { outline, outlineSection } from '../../src/config/compile/outline.ts'
import { hasScope, listSectionNames } from '../../src/config/sections/table.ts'
import { parseAnyInstantSeconds } from '../../src/core/instant.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import {
  type CheckedDocument,
  createDocumentCompiler,
  type DocumentCompiler,
  type PlacedDocument,
} from '../../src/explain/compile-documents.ts'
import { explainEvidence } from '../../src/explain/explain-evidence.ts'
import { createOfflineKeys } from '../../src/explain/offline-keys.ts'
import { listRevocations } from '../../src/explain/offline-situation.ts'
import { rankPolicies, readSignature } from '../../src/explain/rank-policies.ts'
import { readEvidenceText } from '../../src/explain/read-evidence.ts'
import { readGivenKeys } from '../../src/explain/read-given-keys.ts'
import { readPastedEvidence } from '../../src/explain/read-pasted-evidence.ts'
import { leaveUnsigned } from '../../src/explain/unsigned-token.ts'
import type { Attestation } from '../../src/policy/login/evidence.ts'
import { createPolicySet } from '../../src/policy/policy.ts'
import { testFileSchema } from '../../src/policy-tests/test-schema.ts'
import { explainMappingOf } from './explain-mapping-of.ts'
import { listBroken, type Parts, POLICY_SECTIONS } from './parts.ts'
import { readPageSettings } from './read-settings.ts'
import { type ClaimedEvidence, type DocumentReport, type LoginReport, makeIssue, type Report } from './report.ts'
import { runTests, type TestsReport } from './run-tests.ts'
import type { Situation } from './situation.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface PlaygroundEngine {
  /** Explains a situation. Never throws for what a person typed. */
  evaluate(situation: Situation): Promise<Report>
  /** Runs policy tests against documents; see `runTests`. */
  runTests(
    text: string,
    documents: readonly PlacedDocument[],
    isStale: () => Promise<boolean>,
  ): Promise<TestsReport | undefined>
  /** What an author may write, for completion. */
  readonly vocabulary: Vocabulary
}

/** Creates the engine. @param module - the compiled `policy-vm.wasm` */
export function createPlaygroundEngine(module: WebAssembly.Module): PlaygroundEngine {
  const attestors = createAttestorTable()
  const engine = createConditionEngine(module)
  const compilers = new Map<string, DocumentCompiler>()

  /** Documents are compiled for one set of settings. Two sets are in use at most: those of the page, and those of its tests. */
  function findCompiler(settings: CompileSettings): DocumentCompiler {
    const of = JSON.stringify(settings)
    const compiler = compilers.get(of) ?? createDocumentCompiler(settings, attestors)
    compilers.delete(of)
    compilers.set(of, compiler)
    for (const oldest of [...compilers.keys()].slice(0, -2)) compilers.delete(oldest)
    return compiler
  }

  return {
    async evaluate(situation) {
      const settings = readPageSettings(situation.settings)
      if (!settings.ok) return { ...NOTHING, settings: settings.problems }
      const { clusterId } = settings.value
      const compiled = await findCompiler(settings.value.compile)(situation.documents, clusterId, situation.atSeconds)
      const keys = readGivenKeys(situation.keys)
      const parts = { situation, settings: settings.value, compiled, keys, attestors, engine }
      const { login, attestations } = await explainLoginOf(parts)
      const { mapping, attributes } = explainMappingOf(parts, login, listRevocations(compiled, 'agent', clusterId))
      const claimed = attestations.flatMap(readClaimed)
      return {
        settings: [],
        documents: compiled.documents.map(makeDocumentReport),
        keyFaults: keys?.faults ?? [],
        login,
        mapping,
        claimed,
        instants: listInstants(claimed),
        attributes,
      }
    },
    runTests: (text, documents, isStale) => runTests(text, documents, { attestors, engine, findCompiler }, isStale),
    vocabulary: {
      places: listSectionNames().flatMap((section) =>
        (['cluster', 'trust-domain'] as const)
          .filter((scope) => hasScope(section, scope))
          .map((scope) => ({ scope, section })),
      ),
      outlines: Object.fromEntries(
        listSectionNames().map((name) => [name, outlineSection(name, attestors)]),
      ) as Vocabulary['outlines'],
      tests: outline(testFileSchema),
      attributeNames: listAttributeNames(),
    },
  }
}

const NOTHING: Report = {
  settings: [],
  documents: [],
  keyFaults: [],
  login: { kind: 'no_evidence' },
  mapping: { kind: 'no_workload' },
  claimed: [],
  instants: [],
  attributes: undefined,
}

const NO_POLICIES = createPolicySet([])

interface ExplainedLogin {
  readonly login: LoginReport
  readonly attestations: readonly Attestation[]
}

async function explainLoginOf(parts: Parts): Promise<ExplainedLogin> {
  const { situation, settings, compiled, keys, attestors, engine } = parts
  const { role, atSeconds } = situation
  const section = POLICY_SECTIONS[role]
  const text = readPastedEvidence(situation.evidence)
  // What the evidence claims is shown whatever the documents are.
  const only = (login: LoginReport): ExplainedLogin => {
    const read = text === '' ? undefined : readEvidenceText(text, encodeUtf8(text).length, attestors, NO_POLICIES)
    return { login, attestations: read?.ok === true ? read.value : [] }
  }
  const document = compiled.documents.find((one) => one.section === section)
  const broken = listBroken(compiled.documents, [section, 'Revocations'], role)
  if (broken.length > 0) return only({ kind: 'invalid_document', sections: broken })
  const values: Partial<SectionValues> = role === 'agent' ? compiled.cluster : compiled.trustDomain
  const policies = role === 'agent' ? values.AgentAttestation : values.TrustDomainServerAttestation
  if (text === '') return only({ kind: 'no_evidence' })
  if (document === undefined || policies === undefined) return only({ kind: 'no_document', section })

  const explained = await explainEvidence({
    text,
    policies,
    document: { section, digest: document.digest },
    attestors,
    engine,
    atSeconds,
    skewSeconds: settings.skewSeconds,
    keys: leaveUnsigned(createOfflineKeys(keys?.named, keys?.nameless)),
    audience: settings.audience,
    sections: compiled.trustDomain as Partial<SharedSections>,
    revocations: listRevocations(compiled, role, settings.clusterId),
  })
  if (explained.kind === 'refused_body') return only(explained)
  const { verdict, report, attestations } = explained
  const ranked = rankPolicies(report.policies)
  const admitting = verdict.kind === 'admitted' ? ranked.find(({ name }) => name === verdict.policy) : ranked[0]
  return {
    attestations,
    login: {
      kind: 'explained',
      verdict,
      signature: readSignature(admitting),
      evidence: report.evidence,
      policies: ranked,
      others: report.listOtherPolicies,
      othersOmitted: report.otherPoliciesOmitted,
    },
  }
}

function makeDocumentReport({ scope, section, digest, compiles, isValid, issues }: CheckedDocument): DocumentReport {
  return { scope, section, digest, compiles, isValid, issues: issues.map(makeIssue) }
}

function readClaimed({ type, attestor, evidence }: Attestation): readonly ClaimedEvidence[] {
  return attestor === undefined ? [] : [{ type, claimed: attestor.readClaimed(evidence) }]
}

function listInstants(claimed: readonly ClaimedEvidence[]): readonly number[] {
  const texts = claimed.flatMap(({ claimed: { issuedAt, notBefore, expiresAt } }) => [issuedAt, notBefore, expiresAt])
  const seconds = texts.map((text) => (typeof text === 'string' ? parseAnyInstantSeconds(text) : undefined))
  return [...new Set(seconds.filter((one) => one !== undefined))].sort((a, b) => a - b)
}
