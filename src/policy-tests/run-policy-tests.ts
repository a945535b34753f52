// Runs the cases of a test file against documents, with the gateway's own engine. No file, no network and no clock: the command
// line tool and the page run this very function.
import type { SharedSections } from '../attest/shared-sections.ts'
import type { AttestorTable } from '../attest/table.ts'
import type { ConditionEngine } from '../condition/vm/engine.ts'
import type { CompileSettings } from '../config/compile/compile-context.ts'
import { locateIssues } from '../config/compile/issue-list.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import type { Issue } from '../core/issue.ts'
import { suggestNearest } from '../core/nearest.ts'
import { quoteText } from '../core/printable.ts'
import {
  type CheckedDocument,
  type CompiledDocuments,
  createDocumentCompiler,
  type DocumentCompiler,
  type PlacedDocument,
} from '../explain/compile-documents.ts'
import { createOfflineKeys } from '../explain/offline-keys.ts'
import { ABLE, listRevocations } from '../explain/offline-situation.ts'
import { leaveUnsigned } from '../explain/unsigned-token.ts'
import type { PolicySet } from '../policy/policy.ts'
import type { ServerlessPolicies } from '../policy/serverless.ts'
import { type Judgement, judgeLogin } from './judge-login.ts'
import { judgeMap } from './judge-map.ts'
import { judgeServerless } from './judge-serverless.ts'
import type { PolicyTest } from './test-case.ts'
import type { TestFile } from './test-file.ts'

export interface CaseResult extends Judgement {
  readonly name: string
  readonly kind: PolicyTest['kind']
}

/** Documents that do not compile, or that a case needs and nobody gave: nothing can be run. */
interface NotRun {
  readonly kind: 'not_run'
  readonly documents: readonly CheckedDocument[]
  readonly issues: readonly LocatedIssue[]
}

export type PolicyTestReport =
  | NotRun
  | {
      readonly kind: 'run'
      readonly documents: readonly CheckedDocument[]
      /** In the order of the file. */
      readonly results: readonly CaseResult[]
    }

export type PreparedTests =
  | NotRun
  | {
      readonly kind: 'ready'
      readonly documents: readonly CheckedDocument[]
      /** Runs one case of the file. */
      readonly judge: (test: PolicyTest) => Promise<CaseResult>
    }

export interface PolicyTestRun {
  readonly file: TestFile
  /** The text that the file was read from, for the places of issues. */
  readonly text: string
  /** One at most of each scope and section. */
  readonly documents: readonly PlacedDocument[]
  readonly attestors: AttestorTable
  readonly engine: ConditionEngine
  /** A compiler for the settings of the file, where one is kept between runs. */
  readonly findCompiler?: (settings: CompileSettings) => DocumentCompiler
}

/** Runs every case. Never throws for what an author wrote. */
export async function runPolicyTests(run: PolicyTestRun): Promise<PolicyTestReport> {
  const prepared = await preparePolicyTests(run)
  if (prepared.kind === 'not_run') return prepared
  const results: CaseResult[] = []
  for (const test of run.file.cases) results.push(await prepared.judge(test))
  return { kind: 'run', documents: prepared.documents, results }
}

/** Compiles the documents of a run, whose cases are then judged one by one, with a pause or an end between any two. */
export async function preparePolicyTests({
  file,
  text,
  documents,
  attestors,
  engine,
  findCompiler = (settings) => createDocumentCompiler(settings, attestors),
}: PolicyTestRun): Promise<PreparedTests> {
  const compile = findCompiler(makeCompileSettings(file))
  const compiled = await compile(documents, file.clusterId, file.nowSeconds)
  const checked = compiled.documents
  const issues = locateIssues(findImpossible(file.cases, compiled), text)
  if (issues.length > 0 || checked.some(({ compiles }) => !compiles))
    return { kind: 'not_run', documents: checked, issues }

  const keys = leaveUnsigned(createOfflineKeys(file.keys?.named, file.keys?.nameless))
  async function judge(test: PolicyTest): Promise<Judgement> {
    if (test.kind === 'map')
      return judgeMap(test, file, compiled, listRevocations(compiled, 'agent', file.clusterId), engine)
    const { policies, digest, place } = findPolicies(test, compiled)
    if (policies === undefined) throw new Error('findImpossible lets no such case through')
    const given = {
      document: { section: place.section, digest },
      attestors,
      engine,
      atSeconds: test.atSeconds,
      skewSeconds: file.skewSeconds,
      keys,
      audience: file.audience,
      sections: compiled.trustDomain as Partial<SharedSections>,
      revocations: listRevocations(compiled, place.scope === 'cluster' ? 'agent' : 'issuer', file.clusterId),
    }
    if (test.kind === 'login') return judgeLogin(test, { ...given, policies })
    // The section that a serverless request is decided by compiles to these.
    return judgeServerless(test, file, compiled, { ...given, policies: policies as ServerlessPolicies })
  }
  return {
    kind: 'ready',
    documents: checked,
    judge: async (test) => ({ name: test.name, kind: test.kind, ...(await judge(test)) }),
  }
}

function makeCompileSettings(file: TestFile): CompileSettings {
  const { trustDomain, issuerUrl, audience, allowLoopbackIssuers, privateIssuers } = file
  return {
    trustDomain,
    issuerUrl,
    audience,
    allowLoopbackIssuers,
    privateIssuers,
    ...ABLE,
  }
}

interface FoundPolicies {
  readonly place: Pick<PlacedDocument, 'scope' | 'section'>
  readonly digest: string
  readonly policies: PolicySet | undefined
}

type PolicyCase = Exclude<PolicyTest, { readonly kind: 'map' }>

function findPolicies(test: PolicyCase, { documents, cluster, trustDomain }: CompiledDocuments): FoundPolicies {
  const { section, scope } = findPlace(test)
  const policies = (scope === 'cluster' ? cluster : trustDomain)[section]
  const document = documents.find((one) => one.section === section && one.scope === scope)
  return { place: { section, scope }, digest: document?.digest ?? '', policies }
}

/** The document that decides a case. */
function findPlace(test: PolicyCase) {
  if (test.kind === 'serverless') return { section: 'ServerlessAttestation', scope: test.scope } as const
  return test.role === 'agent'
    ? ({ section: 'AgentAttestation', scope: 'cluster' } as const)
    : ({ section: 'TrustDomainServerAttestation', scope: 'trust-domain' } as const)
}

/** Cases that cannot be met whatever happens: a policy that no document has, a login without policies to decide it. */
function findImpossible(cases: readonly PolicyTest[], compiled: CompiledDocuments): readonly Issue[] {
  return cases.flatMap((test): readonly Issue[] => {
    if (test.kind === 'map') return []
    const { name, path, kind, expected } = test
    const { place, policies } = findPolicies(test, compiled)
    const { section, scope } = place
    const isBroken = compiled.documents.some((one) => one.section === section && one.scope === scope && !one.compiles)
    if (policies === undefined && isBroken) return []
    if (policies === undefined) {
      const [what, whose] = kind === 'login' ? ['a login', ''] : ['a serverless request', ` of the ${scope}`]
      const message = `Case ${quoteText(name)} is ${what}, and no ${section}${whose} is among the documents: add it`
      return [{ code: 'field_missing', path: [...path, kind], message }]
    }
    const names = policies.policies.map((policy) => policy.name)
    const named = expected.kind === 'error' ? undefined : expected.policy
    if (named === undefined || names.includes(named)) return []
    const near = suggestNearest(named, names) || `; its policies are ${names.join(', ') || 'none'}`
    const message = `${section} has no policy ${quoteText(named)}${near}`
    const field = expected.kind === 'refuse' ? 'policy' : 'admit'
    return [{ code: 'value_invalid', path: [...path, 'expect', field], message }]
  })
}
