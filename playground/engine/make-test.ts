// The login of the page as a case of its policy tests: claims in place of tokens, and what the verdict is now.
import { formatInstantSeconds } from '../../src/core/instant.ts'
import { isJsonObject, type Json, parseJson } from '../../src/core/json.ts'
import { CLOCK_SKEW_DEFAULT_SECONDS, JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { readTestFile, type TestFile } from '../../src/policy-tests/test-file.ts'
import { stripEvidence } from '../share/strip-evidence.ts'
import { isStripped } from '../share/strip-tests.ts'
import type { PlaygroundEngine } from './playground-engine.ts'
import type { LoginReport } from './report.ts'
import type { Situation } from './situation.ts'
import { writeYaml } from './write-yaml.ts'

/** The tests with one case more, or why there is none. */
export type MadeTest = { readonly text: string; readonly name: string } | { readonly fault: string }

/** Adds a case. @param tests - the file; empty: one is begun */
export async function makeTest(engine: PlaygroundEngine, situation: Situation, tests: string): Promise<MadeTest> {
  const isNew = tests.trim() === ''
  const before = isNew ? undefined : readTestFile(tests)
  if (before?.ok === false) return { fault: 'The tests have issues: fix these first' }
  const evidence = readStripped(situation.evidence)
  if (evidence === undefined)
    return {
      fault: 'Only tokens and claims can be written into a test: other evidence is a secret, or answers a challenge',
    }
  const { login } = await engine.evaluate({ ...situation, workload: '', evidence: JSON.stringify(evidence) })
  const found = findExpectation(login)
  if ('fault' in found) return found
  const { login: whole } = await engine.evaluate({ ...situation, workload: '' })
  if (describe(findExpectation(whole)) !== describe(found))
    return { fault: 'The login is refused for its signature or its keys, which a test by claims does not have' }

  const file = before?.file
  const name = chooseName(evidence, found, file)
  const { role, atSeconds } = situation
  const fields = {
    name,
    ...(file === undefined || file.nowSeconds === atSeconds ? {} : { at: formatInstantSeconds(atSeconds) }),
    ...(role === 'issuer' ? { as: role } : {}),
    signature: 'not_checked',
    login: evidence,
    expect: found,
  }
  const text = isNew ? writeYaml({ ...makeHead(situation), cases: [fields] }) : append(tests, fields)
  const after = readTestFile(text)
  const isAdded = after.ok && after.file.cases.length === (file?.cases.length ?? 0) + 1
  return isAdded
    ? { text, name }
    : { fault: 'A case can be added only where cases are the last field of the file, each on lines of its own' }
}

type Expectation = { readonly admit: string } | { readonly refuse: string }

function readStripped(pasted: string): { readonly [name: string]: Json } | undefined {
  const json = parseJson(stripEvidence(pasted).text || pasted.trim(), JSON_DEPTH_MAX)
  if (!json.ok || !isJsonObject(json.value)) return undefined
  const { value } = json
  const { attestations, claims } = value
  if (isJsonObject(claims)) return { claims }
  if (attestations === undefined) return typeof value['iss'] === 'string' ? { claims: value } : undefined
  return Array.isArray(attestations) && (attestations as readonly Json[]).every(isStripped)
    ? { attestations }
    : undefined
}

/** What a case that takes signatures for valid gets. */
function findExpectation(login: LoginReport): Expectation | { readonly fault: string } {
  if (login.kind === 'refused_body') return { refuse: login.verdict.answer.code }
  if (login.kind === 'no_document') return { fault: `There is no ${login.section} to test` }
  if (login.kind === 'invalid_document') return { fault: `${login.sections.join(' and ')} does not compile` }
  if (login.kind === 'no_evidence') return { fault: 'There is no evidence to add' }
  const { verdict, policies } = login
  if (verdict.kind === 'refused') return { refuse: verdict.refusals[0]?.refusal.code ?? verdict.answer.code }
  const name = verdict.kind === 'admitted' ? verdict.policy : (verdict.policies[0] ?? '')
  const attestors = policies.find((policy) => policy.name === name)?.attestors ?? []
  const unknown = attestors.flatMap((one) =>
    one.state === 'checked' ? one.checks.filter(({ state }) => state === 'unknown') : [],
  )
  const open = unknown.find(({ code }) => code !== 'signing_key_fetch_failed')
  return open === undefined ? { admit: name } : { fault: `The login is undecided: ${open.name} cannot be checked here` }
}

function describe(found: ReturnType<typeof findExpectation>): string {
  return JSON.stringify(found)
}

function chooseName(
  evidence: { readonly [name: string]: Json },
  expected: Expectation,
  file: TestFile | undefined,
): string {
  const { attestations } = evidence
  const types = Array.isArray(attestations)
    ? (attestations as readonly Json[]).map((one) => (isJsonObject(one) ? String(one['type']) : ''))
    : []
  const who = types.length === 0 ? 'the token' : types.join(' and ')
  const name = 'admit' in expected ? `${who}: admitted by ${expected.admit}` : `${who}: ${expected.refuse}`
  const taken = new Set(file?.cases.map((one) => one.name))
  for (let count = 2; ; count++) {
    const next = count === 2 ? name : `${name} (${count - 1})`
    if (!taken.has(next)) return next
  }
}

/** The head of a file: the settings of the page, and its documents as the files that a folder would have. */
function makeHead({ settings, documents, atSeconds }: Situation) {
  const { trustDomain, clusterId, issuerUrl, audience, clockSkewSeconds, allowLoopbackIssuers, privateIssuers } =
    settings
  const origins = privateIssuers.split(',').flatMap((origin) => (origin.trim() === '' ? [] : [origin.trim()]))
  return {
    trustDomain,
    cluster: clusterId,
    issuerUrl,
    ...(audience.trim() === '' ? {} : { audience: audience.trim() }),
    ...(clockSkewSeconds === CLOCK_SKEW_DEFAULT_SECONDS ? {} : { clockSkewSeconds }),
    ...(allowLoopbackIssuers ? { allowLoopbackIssuers } : {}),
    ...(origins.length === 0 ? {} : { privateIssuers: origins }),
    now: formatInstantSeconds(atSeconds),
    documents: documents.map(
      ({ scope, section }) => `${scope === 'trust-domain' ? 'trust-domain/' : ''}${section}.yaml`,
    ),
  }
}

/** Behind the last case, as deep as it is. */
function append(tests: string, fields: Json): string {
  const indent = /^( *)- /m.exec(tests.slice(tests.search(/^cases:/m)))?.[1] ?? ''
  const lines = writeYaml([fields]).trimEnd().split('\n')
  return `${tests.trimEnd()}\n\n${lines.map((line) => `${indent}${line}`).join('\n')}\n`
}
