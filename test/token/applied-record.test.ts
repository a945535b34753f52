import fc from 'fast-check'
import { CompactSign } from 'jose'
import { describe, expect, it } from 'vitest'
import { SEAL_KEY_MIN_BYTES, STORE_VALUE_MAX_BYTES } from '../../src/core/limits.ts'
import { type AppliedRecord, openRecord, sealRecord } from '../../src/token/applied-record.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const SEAL = new Uint8Array(SEAL_KEY_MIN_BYTES).fill(1)
const OTHER = new Uint8Array(SEAL_KEY_MIN_BYTES).fill(2)
const RECORD: AppliedRecord = {
  kind: 'applied',
  key: KEY,
  digest: `sha256:${'0'.repeat(64)}`,
  text: 'section: AgentAttestation\n',
  appliedAtMillis: Date.UTC(2026, 0, 1, 0, 0, 0, 7),
}
const TOMBSTONE: AppliedRecord = { kind: 'deleted', key: KEY, deletedAtMillis: Date.UTC(2026, 0, 2) }
const PAYLOAD = {
  v: 1,
  key: KEY,
  digest: `sha256:${'0'.repeat(64)}`,
  text: 'section: AgentAttestation\n',
  appliedAt: '2026-01-01T00:00:00.007Z',
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function headerOf(bytes: Uint8Array): Promise<{ alg: string; typ: string; kid: string }> {
  return JSON.parse(atob(new TextDecoder().decode(bytes).split('.')[0] ?? ''))
}

/** Signed by the right key: only its form can be wrong. */
async function sealed(payload: string, header: object = {}, key = SEAL): Promise<Uint8Array> {
  const valid = await headerOf(await sealRecord(RECORD, [SEAL]))
  return bytesOf(await new CompactSign(bytesOf(payload)).setProtectedHeader({ ...valid, ...header }).sign(key))
}

describe('an applied record', () => {
  it.each([RECORD, TOMBSTONE])('opens as what was sealed: $kind', async (record) => {
    expect(await openRecord(await sealRecord(record, [SEAL]), KEY, [SEAL])).toEqual({ record, current: true })
  })

  it('is a JWS of its own type, with the payload that is documented', async () => {
    const bytes = await sealRecord(RECORD, [SEAL])
    const header = await headerOf(bytes)
    expect(header).toEqual({ alg: 'HS256', typ: 'postern-applied+jws', kid: expect.stringMatching(/^[\w-]{16}$/) })
    const payload = new TextDecoder().decode(bytes).split('.')[1] ?? ''
    expect(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))).toEqual(PAYLOAD)
  })

  it('is sealed by the first key, and opened by any', async () => {
    const bytes = await sealRecord(RECORD, [OTHER, SEAL])
    expect(await openRecord(bytes, KEY, [SEAL, OTHER])).toEqual({ record: RECORD, current: false })
    expect(await openRecord(bytes, KEY, [SEAL])).toBeUndefined()
    expect(await openRecord(bytes, KEY, [])).toBeUndefined()
  })

  it('is of one key of the store', async () => {
    const bytes = await sealRecord(RECORD, [SEAL])
    expect(await openRecord(bytes, 'clusters/c-2/AgentAttestation', [SEAL])).toBeUndefined()
  })

  it('is not sealed without a key, or with one that is too short, and such a key opens none', async () => {
    const short = SEAL.slice(1)
    await expect(sealRecord(RECORD, [])).rejects.toThrow(RangeError)
    await expect(sealRecord(RECORD, [short])).rejects.toThrow(RangeError)
    expect(await openRecord(await sealed(JSON.stringify(PAYLOAD)), KEY, [short])).toBeUndefined()
  })

  it('keeps any text that a document may hold', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((value) => value.isWellFormed())
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const record = { ...RECORD, text: value }
        expect((await openRecord(await sealRecord(record, [SEAL]), KEY, [SEAL]))?.record).toEqual(record)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a record counts as absent', () => {
  it('when any one character of it is changed', async () => {
    const text = new TextDecoder().decode(await sealRecord(RECORD, [SEAL]))
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
      expect(await openRecord(bytesOf(changed), KEY, [SEAL]), `at ${at}`).toBeUndefined()
    }
  })

  it('when it is cut short, or longer', async () => {
    const text = new TextDecoder().decode(await sealRecord(RECORD, [SEAL]))
    for (const changed of ['', '.', '..', text.slice(0, -1), `${text}.`, `${text}A`, ` ${text}`, `${text}\n`]) {
      expect(await openRecord(bytesOf(changed), KEY, [SEAL]), JSON.stringify(changed)).toBeUndefined()
    }
  })

  it('when it is over the size that a store value may have, even if its signature fits', async () => {
    const spare = STORE_VALUE_MAX_BYTES - (await sealed(JSON.stringify({ ...PAYLOAD, text: '' }))).length
    const record = { ...PAYLOAD, text: 'x'.repeat(Math.floor((spare * 3) / 4) - 4) }
    const fits = await sealed(JSON.stringify(record))
    expect(fits.length).toBeLessThanOrEqual(STORE_VALUE_MAX_BYTES)
    expect(await openRecord(fits, KEY, [SEAL])).toBeDefined()
    const over = await sealed(JSON.stringify({ ...record, text: `${record.text}xxxxxxxx` }))
    expect(over.length).toBeGreaterThan(STORE_VALUE_MAX_BYTES)
    expect(await openRecord(over, KEY, [SEAL])).toBeUndefined()
  })

  it.each([
    ['another type', { typ: 'postern-session+jwt' }],
    ['no type', { typ: undefined }],
    ['another key id', { kid: 'AAAAAAAAAAAAAAAA' }],
    ['no key id', { kid: undefined }],
    ['one more parameter', { jku: 'https://attacker.example' }],
    ['another algorithm', { alg: 'HS512' }],
  ])('when its header has %s', async (_what, header) => {
    const key = 'alg' in header ? new Uint8Array(64).fill(1) : SEAL
    expect(await openRecord(await sealed(JSON.stringify(PAYLOAD), header, key), KEY, [SEAL, key])).toBeUndefined()
  })

  it('when it says that it needs no signature', async () => {
    const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll('=', '')
    const { kid } = await headerOf(await sealRecord(RECORD, [SEAL]))
    const none = `${encode({ alg: 'none', typ: 'postern-applied+jws', kid })}.${encode(PAYLOAD)}.`
    expect(await openRecord(bytesOf(none), KEY, [SEAL])).toBeUndefined()
  })

  it.each<[string, object]>([
    ['of another version', { v: 2 }],
    ['of a version that is text', { v: '1' }],
    ['with a key that is no text', { key: 1 }],
    ['with a digest of another kind', { digest: `md5:${'0'.repeat(32)}` }],
    ['with a digest in capitals', { digest: `sha256:${'A'.repeat(64)}` }],
    ['with a text that is none', { text: ['x'] }],
    ['with a time that is a number', { appliedAt: 1 }],
    ['with a time in another spelling', { appliedAt: '2026-01-01T00:00:00Z' }],
    ['with a time that does not exist', { appliedAt: '2026-02-30T00:00:00.000Z' }],
    ['with one more member', { deletedAt: '2026-01-01T00:00:00.000Z' }],
    ['without a text', { text: undefined }],
  ])('when it is well sealed but %s', async (_how, change) => {
    expect(await openRecord(await sealed(JSON.stringify({ ...PAYLOAD, ...change })), KEY, [SEAL])).toBeUndefined()
  })

  it.each([
    'null',
    '[]',
    '"text"',
    '',
    '{',
    '{"v":1,"v":1,"key":"clusters/c-1/AgentAttestation","deletedAt":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"__proto__":{},"key":"clusters/c-1/AgentAttestation"}',
  ])('when it is well sealed but %s', async (payload) => {
    expect(await openRecord(await sealed(payload), KEY, [SEAL])).toBeUndefined()
  })

  it('whatever bytes stand in its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await openRecord(bytes, KEY, [SEAL])).toBeUndefined()
      }),
    )
  })
})
