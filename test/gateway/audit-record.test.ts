// The makers of records, given more than any attestor of today can refuse.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Claimed } from '../../src/attest/claimed.ts'
import type { CallOutNote } from '../../src/attest/webhook-call.ts'
import {
  AUDIT_FRAME_BYTES,
  AUDIT_MAPPING_RECORD_MAX_BYTES,
  AUDIT_RECORD_MAX_BYTES,
  AUDIT_TEXT_MAX_LENGTH,
  AUDITED_CLAIMED_MAX_BYTES,
  AUDITED_EXPECTED_MAX,
  AUDITED_EXPECTED_MAX_BYTES,
  AUDITED_ISSUES_MAX_BYTES,
  AUDITED_POLICIES_MAX,
  AUDITED_WORKLOADS_MAX,
  CALL_OUTS_PER_REQUEST_MAX,
  FAULT_FRAME_MAX_LENGTH,
  FAULT_FRAMES_MAX,
  ISSUES_MAX,
  QUOTED_AUDIENCES_MAX,
} from '../../src/core/limits.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { describeFault, formatAuditLine } from '../../src/gateway/audit/audit.ts'
import { auditFacts, auditString, countEscapedBytes, createAuditSpace } from '../../src/gateway/audit/audit-space.ts'
import { auditEvidence } from '../../src/gateway/audit/audited-evidence.ts'
import { recordMapping, recordRefusedMapping } from '../../src/gateway/audit/claims-record.ts'
import {
  type LoginFacts,
  type LoginFindings,
  recordDecision,
  recordRefusal,
} from '../../src/gateway/audit/login-record.ts'
import type { WorkloadResult } from '../../src/policy/mapping/workload.ts'
import { asciiBytes, HOSTILE_CODE_POINTS, hostileIn } from '../hostile.ts'

const HEAD = { v: 1, time: '2026-01-01T00:00:00.000Z', requestId: 'r', durationMs: 1, clusterId: 'c-1' } as const
const LOGIN: LoginFacts = { ...HEAD, event: 'login', status: 403, outcome: 'refused', code: 'login_refused' }
const MAPPING = { ...HEAD, event: 'mapping' } as const

const unit = fc.oneof(
  fc.constantFrom('a', '"', '\\', '\u4e2d', '\u{1f600}'),
  fc.constantFrom(...HOSTILE_CODE_POINTS).map((point) => String.fromCodePoint(point)),
)
const text = fc.tuple(unit, fc.nat(5000)).map(([one, length]) => one.repeat(length))
const audit: fc.Arbitrary<NonNullable<Refusal['audit']>> = fc.dictionary(
  fc.constantFrom('condition', 'allowedServiceAccounts', 'offset', 'store'),
  fc.oneof(
    text,
    fc.nat(),
    fc.tuple(text, fc.nat(3000)).map(([one, length]) => Array.from({ length }, () => one.slice(0, 50))),
  ),
)
const refusal: fc.Arbitrary<Refusal> = fc.record(
  { code: fc.constant('condition_failed' as const), detail: text, audit },
  { requiredKeys: ['code', 'detail'] },
)
const evidenceRefusal = fc.record({ type: fc.constant('t'.repeat(40)), refusal })
const claim = text.map((whole) => whole.slice(0, 700))
const claimed: fc.Arbitrary<Claimed> = fc.record(
  { issuer: claim, subject: claim, pod: claim, audiences: fc.array(claim, { maxLength: 10 }) },
  { requiredKeys: [] },
)
const evidence = fc.array(
  fc.record({
    type: fc.constant('t'.repeat(40)),
    digest: fc.constant('d'.repeat(43)),
    readClaimed: claimed.map((facts) => () => facts),
  }),
  { maxLength: 8 },
)
const callOut: fc.Arbitrary<CallOutNote> = fc.record({
  type: fc.constant('t'.repeat(40)),
  origin: text,
  requestId: text,
  tries: fc.nat(10),
  durationMillis: fc.nat(10_000),
  outcome: fc.constantFrom('allowed' as const, 'denied' as const, 'failed' as const),
  reason: text,
})
const findings: fc.Arbitrary<LoginFindings> = fc.record({
  evidence,
  callOuts: fc.array(callOut, { maxLength: CALL_OUTS_PER_REQUEST_MAX }),
  refusals: fc.array(evidenceRefusal, { maxLength: 8 }),
  traces: fc
    .tuple(fc.array(evidenceRefusal, { minLength: 1, maxLength: 8 }), fc.nat(10_000))
    .map(([refusals, length]) =>
      Array.from({ length }, (_, index) => ({ policy: `${'p'.repeat(50)}${index}`, refusals, attestorsPassed: false })),
    ),
  attributes: fc.array(fc.record({ origin: fc.constant('o'), name: fc.constant('o.name'), value: text }), {
    maxLength: 8,
  }),
})

describe('the record of a login', () => {
  it('is within its bound and counts what it leaves out, whatever was found', () => {
    fc.assert(
      fc.property(findings, (found) => {
        const record = recordDecision(LOGIN, found)
        const line = formatAuditLine(record)
        expect(asciiBytes(line)).toBeLessThanOrEqual(AUDIT_RECORD_MAX_BYTES)
        expect(hostileIn(line)).toEqual([])
        const counts = [
          (record.attributes?.length ?? 0) + (record.attributesOmitted ?? 0),
          (record.refusals?.length ?? 0) + (record.refusalsOmitted ?? 0),
          (record.policies?.length ?? 0) + (record.policiesOmitted ?? 0),
        ]
        expect(counts).toEqual([found.attributes?.length, found.refusals.length, found.traces.length])
        expect(record.policies?.length ?? 0).toBeLessThanOrEqual(AUDITED_POLICIES_MAX)
      }),
    )
  })

  it('is within its bound for a request that was refused whole', () => {
    fc.assert(
      fc.property(refusal, evidence, (whole, sent) => {
        const login = recordRefusal(LOGIN, whole, { evidence: sent })
        for (const record of [login, recordRefusedMapping(MAPPING, whole)])
          expect(asciiBytes(formatAuditLine(record))).toBeLessThanOrEqual(AUDIT_RECORD_MAX_BYTES)
      }),
    )
  })

  it('names of each policy what the policy refused, and not what the evidence was refused for', () => {
    const ofEvidence: Refusal = { code: 'token_expired', detail: 'expired' }
    const ofPolicy: Refusal = { code: 'attestor_missing', detail: 'more is required' }
    const { policies, policiesTried } = recordDecision(LOGIN, {
      evidence: [{ type: 'a', refusal: ofEvidence }],
      refusals: [{ type: 'a', refusal: ofEvidence }],
      traces: [
        { policy: 'one', attestorsPassed: false, refusals: [{ type: 'a', refusal: ofEvidence }] },
        {
          policy: 'two',
          attestorsPassed: false,
          refusals: [
            { type: 'a', refusal: ofEvidence },
            { type: 'b', refusal: ofPolicy },
          ],
        },
      ],
    })
    expect(policiesTried).toBe(2)
    expect(policies).toEqual([{ policy: 'two', refusals: [{ type: 'b', ...ofPolicy }] }])
  })
})

describe('the record of a request for claims', () => {
  const result = fc.oneof(
    fc.record({
      id: text.map((id) => id.slice(0, 128)),
      error: fc.record({
        code: fc.constant('condition_fault' as const),
        detail: text,
        attribute: text.map((name) => name.slice(0, 512)),
      }),
    }),
    fc.constant({ id: 'granted', spiffeId: 'spiffe://example.org/x' } as unknown as WorkloadResult),
  )

  it('is within its bound and counts the granted and the refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(result, { minLength: 1, maxLength: 20 }), fc.nat(40), audit, (some, times, facts) => {
        const results: readonly WorkloadResult[] = Array.from({ length: times + 1 }, () => some).flat()
        const record = recordMapping(MAPPING, results, new Map(some.map(({ id }) => [id, facts])))
        expect(asciiBytes(formatAuditLine(record))).toBeLessThanOrEqual(AUDIT_MAPPING_RECORD_MAX_BYTES)
        const refused = results.filter((one) => 'error' in one).length
        expect(record).toMatchObject({ workloads: results.length, granted: results.length - refused, refused })
        expect(record.outcome).toBe(refused === 0 ? 'granted' : 'refused')
        expect(record.refusals?.length ?? 0).toBeLessThanOrEqual(AUDITED_WORKLOADS_MAX)
        expect((record.refusals?.length ?? 0) + (record.refusalsOmitted ?? 0)).toBe(refused)
      }),
    )
  })
})

describe('what is in a record', () => {
  it.each([
    ['at the limit', AUDIT_TEXT_MAX_LENGTH, false],
    ['over the limit', AUDIT_TEXT_MAX_LENGTH + 1, true],
  ])('has a string %s whole or cut', (_what, length, isCut) => {
    const said = auditString('x'.repeat(length))
    expect(said.endsWith('more characters)')).toBe(isCut)
    expect(said.length).toBeLessThanOrEqual(AUDIT_TEXT_MAX_LENGTH)
  })

  it.each([
    ['at the limit', AUDITED_EXPECTED_MAX, undefined],
    ['over the limit', AUDITED_EXPECTED_MAX + 1, 1],
  ])('lists what is expected, %s', (_what, length, omitted) => {
    const { expected } = auditFacts({
      code: 'condition_failed',
      audit: { names: Array.from({ length }, (_, index) => `${index}`) },
    })
    expect(expected?.['names']).toHaveLength(AUDITED_EXPECTED_MAX)
    expect(expected?.['namesOmitted']).toBe(omitted)
  })

  it.each([
    ['a refusal', AUDITED_EXPECTED_MAX, AUDITED_EXPECTED_MAX_BYTES],
    ['a document', ISSUES_MAX, AUDITED_ISSUES_MAX_BYTES],
  ])('keeps what is expected within the bytes of %s', (_what, entries, bytes) => {
    fc.assert(
      fc.property(audit, (facts) => {
        expect(
          countEscapedBytes(auditFacts({ code: 'condition_failed', audit: facts }, { entries, bytes })),
        ).toBeLessThanOrEqual(bytes)
      }),
    )
  })

  it('has so much of what evidence claims, in the order of what tells most, and counts what is left out', () => {
    const claim = (facts: Claimed) => auditEvidence([{ type: 't', readClaimed: () => facts }], true)[0]?.claimed
    const audiences = Array.from({ length: QUOTED_AUDIENCES_MAX }, (_, index) => `a${index}`)
    expect(claim({ subject: 's', audiences })).toEqual({ subject: 's', audiences })
    expect(claim({ audiences: [...audiences, 'x'] })).toEqual({ audiences, audiencesOmitted: 1 })
    const long = '\u4e2d'.repeat(400)
    expect(claim({ issuer: long, subject: long, pod: 'p' })).toEqual({ issuer: long, subjectOmitted: 1, pod: 'p' })
    expect(claim({})).toBeUndefined()
  })

  it('has room for what evidence claims up to the byte', () => {
    const claim = (length: number) =>
      auditEvidence(
        [{ type: 't', readClaimed: () => ({ audiences: Array.from({ length: 5 }, () => '\u4e2d'.repeat(length)) }) }],
        true,
      )[0]?.claimed?.['audiencesOmitted']
    // Each of five has its quotes, its comma, and six bytes a character.
    const most = Math.floor((AUDITED_CLAIMED_MAX_BYTES - 512 - 2) / 5 / 6 - 0.5)
    expect(claim(most)).toBeUndefined()
    expect(claim(most + 1)).toBe(1)
  })

  it('takes an entry that fits to the byte, and none that does not', () => {
    const take = (maxBytes: number) => createAuditSpace(maxBytes, {}).take(['xx'], 1, (entry) => entry).omitted
    const fits = Array.from({ length: 1000 }, (_, index) => index).find((maxBytes) => take(maxBytes) === 0) ?? 0
    // Two bytes of {}, four and a comma of "xx", and the room for the names of lists.
    expect(fits).toBe(AUDIT_FRAME_BYTES + 2 + 5)
  })

  it('says where the gateway failed in so many frames', () => {
    const error = new Error('x')
    error.stack = `Error\n${`    at \u202e${'y'.repeat(5000)}\n`.repeat(500)}`
    error.name = 'N'.repeat(5000)
    const described = describeFault(error)
    expect(hostileIn(described, [0x0a])).toEqual([])
    expect(countEscapedBytes(described)).toBeLessThan(AUDIT_RECORD_MAX_BYTES)
    const lines = described.split('\n')
    expect(lines).toHaveLength(1 + FAULT_FRAMES_MAX)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(FAULT_FRAME_MAX_LENGTH)
  })
})
