// Policy tests for a link: whole if no case holds what could be used for a login, or not at all. To cut a token out of a text
// that a person wrote would leave a test that means something else.
import { isJsonObject, type Json, parseJson } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'

/** The form of a signed token, wherever it is: a comment of the file may hold one. */
const TOKEN = /[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}/

export type StrippedTests = { readonly tests: string | undefined } | { readonly omitted: string }

/** Checks tests. Those that cannot be read are left out: nothing is known of them. */
export function stripTests(tests: string | undefined): StrippedTests {
  if (tests === undefined || tests.trim() === '') return { tests }
  if (TOKEN.test(tests)) return { omitted: 'the tests, which hold a token' }
  const read = readTestFile(tests)
  if (!read.ok) return { omitted: 'the tests, which have issues' }
  const isSecret = read.file.cases.some(
    (test) => test.kind !== 'map' && test.evidence.kind === 'text' && !holdsClaims(test.evidence.text),
  )
  return isSecret ? { omitted: 'the tests, which hold evidence that is not claims' } : { tests }
}

function holdsClaims(text: string): boolean {
  const json = parseJson(text, JSON_DEPTH_MAX)
  if (!json.ok || !isJsonObject(json.value)) return false
  const { attestations, claims } = json.value
  return Array.isArray(attestations) ? (attestations as readonly Json[]).every(isStripped) : isJsonObject(claims)
}

/** An attestation whose evidence is claims and no more. */
export function isStripped(attestation: Json): boolean {
  const evidence = isJsonObject(attestation) ? attestation['evidence'] : undefined
  return isJsonObject(evidence) && Object.keys(evidence).every((name) => name === 'claims' || name === 'header')
}
