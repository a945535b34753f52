import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { refuseAudience } from '../../src/attest/oidc/audiences.ts'
import { createSectionStatus } from '../../src/config/live/status.ts'
import {
  ATTESTATIONS_MAX,
  AUDITED_POLICIES_MAX,
  CLUSTER_ID_AUDITED_MAX_LENGTH,
  CONDITION_MESSAGE_MAX_LENGTH,
  ISSUE_MESSAGE_MAX_LENGTH,
  PROBLEM_MAX_BYTES,
  PROBLEM_TEXT_MAX_LENGTH,
  QUOTED_AUDIENCES_MAX,
  QUOTED_CLAIM_MAX_CHARACTERS,
  WORKLOAD_TEXT_MAX_LENGTH,
} from '../../src/core/limits.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { recordDecision } from '../../src/gateway/audit/login-record.ts'
import { auditClusterId } from '../../src/gateway/audit/record-head.ts'
import { answerProblem, type ProblemExtras } from '../../src/gateway/problem.ts'
import { makeResultPrintable } from '../../src/gateway/reports/claims-report.ts'
import { refuseSelection } from '../../src/token/keys/key-refusals.ts'
import type { ParsedToken } from '../../src/token/parse.ts'
import { asciiBytes, hostileIn, stringsIn } from '../hostile.ts'

async function answerOf(refusal: Refusal, extras: ProblemExtras = {}): Promise<string> {
  const app = new Hono().get('/', (c) => answerProblem(c, refusal, extras))
  // Without the newline at its end.
  return (await (await app.request('/')).text()).replace(/\n$/, '')
}

const refusing = (detail: string): Refusal => ({ code: 'login_refused', detail })
const CUT = /… \([0-9]+ more characters\)/

describe('the answer to a refused request', () => {
  it.each(['\u{1f600}', '"', '\u202e', '\ud800', '\u{e0041}', '\u007f'])(
    'is bounded and prints with eight refusals of %j',
    async (unit) => {
      const detail = unit.repeat(20_000)
      const refusals = Array.from({ length: ATTESTATIONS_MAX }, () => ({
        type: 't'.repeat(40),
        refusal: refusing(detail),
      }))
      const text = await answerOf({ ...refusing(detail), where: detail }, { reason: 'no_policy_satisfied', refusals })
      expect(asciiBytes(text)).toBeLessThanOrEqual(PROBLEM_MAX_BYTES)
      expect(hostileIn(text)).toEqual([])
      for (const said of stringsIn(JSON.parse(text))) expect(hostileIn(said)).toEqual([])
    },
  )

  it.each([
    ['as long as a condition may have', CONDITION_MESSAGE_MAX_LENGTH, false],
    ['at the limit', PROBLEM_TEXT_MAX_LENGTH, false],
    ['over the limit', PROBLEM_TEXT_MAX_LENGTH + 1, true],
  ])('has a sentence %s whole or cut', async (_what, length, isCut) => {
    const { detail } = JSON.parse(await answerOf(refusing('x'.repeat(length))))
    expect(CUT.test(detail)).toBe(isCut)
    if (!isCut) expect(detail).toHaveLength(length)
  })
})

describe('the result of one workload', () => {
  it.each([
    ['at the limit', WORKLOAD_TEXT_MAX_LENGTH, false],
    ['over the limit', WORKLOAD_TEXT_MAX_LENGTH + 1, true],
  ])('has a sentence %s whole or cut', (_what, length, isCut) => {
    const detail = 'x'.repeat(length)
    const result = makeResultPrintable({
      id: 'a',
      error: { code: 'attribute_unknown', detail },
      warnings: [{ code: 'attribute_dropped', detail }],
    })
    expect(stringsIn(result).filter((said) => CUT.test(said))).toHaveLength(isCut ? 2 : 0)
  })

  it('has sentences that print, and names as they are', () => {
    const detail = 'x\u202e\u001b[2J'
    const result = makeResultPrintable({ id: detail, error: { code: 'attribute_unknown', attribute: detail, detail } })
    expect(result).toEqual({
      id: detail,
      error: { code: 'attribute_unknown', attribute: detail, detail: 'x\\u202e\\u001b[2J' },
    })
  })
})

describe('what messages quote', () => {
  const tokenOf = (token: object): ParsedToken => token as ParsedToken

  it.each([
    ['at the limit', QUOTED_AUDIENCES_MAX, undefined],
    ['over the limit', QUOTED_AUDIENCES_MAX + 1, 'and 1 more'],
  ])('is so many audiences, %s', (_what, length, more) => {
    const { detail } = refuseAudience(
      Array.from({ length }, (_, index) => `aud-${index}`),
      [],
    )
    expect(detail.match(/"aud-[0-9]+"/g)).toHaveLength(QUOTED_AUDIENCES_MAX)
    if (more === undefined) expect(detail).not.toContain(' more')
    else expect(detail).toContain(more)
  })

  it.each([
    ['at the limit', QUOTED_CLAIM_MAX_CHARACTERS, false],
    ['over the limit', QUOTED_CLAIM_MAX_CHARACTERS + 1, true],
  ])('is a name of the token, %s', (_what, length, isCut) => {
    const token = tokenOf({ header: { alg: 'ES256', kid: 'k'.repeat(length) } })
    expect(
      CUT.test(refuseSelection({ kind: 'unknown' }, token, 'issuer', { keys: [], skipped: [], count: 0 }).detail),
    ).toBe(isCut)
  })

  it.each([
    ['at the limit', CLUSTER_ID_AUDITED_MAX_LENGTH, false],
    ['over the limit', CLUSTER_ID_AUDITED_MAX_LENGTH + 1, true],
  ])('is the id of a cluster, %s', (_what, length, isCut) => {
    expect(CUT.test(auditClusterId('c'.repeat(length)))).toBe(isCut)
  })

  it.each([
    ['at the limit', ISSUE_MESSAGE_MAX_LENGTH, false],
    ['over the limit', ISSUE_MESSAGE_MAX_LENGTH + 1, true],
  ])('is the message of an issue, %s', (_what, length, isCut) => {
    const issue = { code: 'value_invalid', path: [], message: 'm'.repeat(length), line: 1, column: 1 } as const
    const read = {
      kind: 'invalid',
      digest: 'd',
      issues: [issue],
      stale: false,
      attemptedAtMillis: 0,
      contested: false,
    } as const
    expect(CUT.test(createSectionStatus('Cluster', read).issues[0]?.message ?? '')).toBe(isCut)
  })

  it.each([
    ['at the limit', AUDITED_POLICIES_MAX, undefined],
    ['over the limit', AUDITED_POLICIES_MAX + 1, 1],
  ])('is so many policies in a record, %s', (_what, length, omitted) => {
    const facts = {
      v: 1,
      event: 'login',
      time: 't',
      requestId: 'r',
      durationMs: 1,
      status: 403,
      outcome: 'refused',
    } as const
    const refusals = [{ type: 't', refusal: refusing('no') }]
    const traces = Array.from({ length }, (_, index) => ({ policy: `p${index}`, refusals, attestorsPassed: false }))
    const record = recordDecision(facts, { evidence: [], refusals: [], traces })
    expect(record.policies).toHaveLength(AUDITED_POLICIES_MAX)
    expect(record.policiesOmitted).toBe(omitted)
  })
})
