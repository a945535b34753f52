import fc from 'fast-check'
import { CompactSign } from 'jose'
import { describe, expect, it } from 'vitest'
import { CONTESTED_RIVALS_MAX, SEAL_KEY_MIN_BYTES, STORE_VALUE_MAX_BYTES } from '../../src/core/limits.ts'
import { type AppliedRecord, openRecord, type Sealing, sealRecord } from '../../src/token/applied-record.ts'
import { deriveKey } from '../../src/token/seal-key.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const SEAL = new Uint8Array(SEAL_KEY_MIN_BYTES).fill(1)
const OTHER = new Uint8Array(SEAL_KEY_MIN_BYTES).fill(2)
const RECORD: AppliedRecord = {
  kind: 'applied',
  key: KEY,
  digest: `sha256:${'0'.repeat(64)}`,
  text: 'section: AgentAttestation\n',
  appliedAtMillis: Date.UTC(2026, 0, 1, 0, 0, 0, 7),
  confirmedAtMillis: Date.UTC(2026, 0, 3),
  readAtMillis: Date.UTC(2026, 0, 2),
}
const TOMBSTONE: AppliedRecord = { kind: 'deleted', key: KEY, atMillis: Date.UTC(2026, 0, 2) }
const CONTESTED: AppliedRecord = {
  kind: 'contested',
  key: KEY,
  rivals: [
    { found: `sha256:${'0'.repeat(64)}`, atMillis: Date.UTC(2026, 0, 2) },
    { found: 'absent', atMillis: Date.UTC(2026, 0, 3) },
  ],
}
const COMMON = { v: 2, trustDomain: 'example.org', issuer: 'https://gateway.example', key: KEY }
const PAYLOAD = {
  ...COMMON,
  digest: `sha256:${'0'.repeat(64)}`,
  text: 'section: AgentAttestation\n',
  appliedAt: '2026-01-01T00:00:00.007Z',
  confirmedAt: '2026-01-03T00:00:00.000Z',
  readAt: '2026-01-02T00:00:00.000Z',
}

const RIVAL = { version: PAYLOAD.digest, at: '2026-01-02T00:00:00.000Z' }

function by(...sealKeys: readonly Uint8Array<ArrayBuffer>[]): Sealing {
  return { sealKeys, trustDomain: 'example.org', issuerUrl: 'https://gateway.example' }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function headerOf(bytes: Uint8Array): Promise<{ alg: string; typ: string; kid: string }> {
  return JSON.parse(atob(new TextDecoder().decode(bytes).split('.')[0] ?? ''))
}

/** Signed by the right key: only its form can be wrong. */
async function sealed(payload: string, header: object = {}, secret = SEAL): Promise<Uint8Array> {
  const valid = await headerOf(await sealRecord(RECORD, by(SEAL)))
  const { key } = await deriveKey(secret, 'postern-applied/2')
  return bytesOf(await new CompactSign(bytesOf(payload)).setProtectedHeader({ ...valid, ...header }).sign(key))
}

describe('an applied record', () => {
  it.each([RECORD, TOMBSTONE, CONTESTED])('opens as what was sealed: $kind', async (record) => {
    expect(await openRecord(await sealRecord(record, by(SEAL)), KEY, by(SEAL))).toEqual({ record, current: true })
  })

  it('is a JWS of its own type, with the payload that is documented', async () => {
    const bytes = await sealRecord(RECORD, by(SEAL))
    const header = await headerOf(bytes)
    expect(header).toEqual({ alg: 'HS256', typ: 'postern-applied+jws', kid: expect.stringMatching(/^[\w-]{16}$/) })
    const payload = new TextDecoder().decode(bytes).split('.')[1] ?? ''
    expect(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))).toEqual(PAYLOAD)
  })

  it('is sealed by the first key, and opened by any', async () => {
    const bytes = await sealRecord(RECORD, by(OTHER, SEAL))
    expect(await openRecord(bytes, KEY, by(SEAL, OTHER))).toEqual({ record: RECORD, current: false })
    expect(await openRecord(bytes, KEY, by(SEAL))).toBeUndefined()
    expect(await openRecord(bytes, KEY, by())).toBeUndefined()
  })

  it('is of one key of the store', async () => {
    const bytes = await sealRecord(RECORD, by(SEAL))
    expect(await openRecord(bytes, 'clusters/c-2/AgentAttestation', by(SEAL))).toBeUndefined()
  })

  it('is not sealed without a key, or with one that is too short, and such a key opens none', async () => {
    const short = SEAL.slice(1)
    await expect(sealRecord(RECORD, by())).rejects.toThrow(RangeError)
    await expect(sealRecord(RECORD, by(short))).rejects.toThrow(RangeError)
    expect(await openRecord(await sealed(JSON.stringify(PAYLOAD)), KEY, by(short))).toBeUndefined()
  })

  it('keeps any text that a document may hold', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((value) => value.isWellFormed())
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const record = { ...RECORD, text: value }
        expect((await openRecord(await sealRecord(record, by(SEAL)), KEY, by(SEAL)))?.record).toEqual(record)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a record counts as absent', () => {
  it('when any one character of it is changed', async () => {
    const text = new TextDecoder().decode(await sealRecord(RECORD, by(SEAL)))
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
      expect(await openRecord(bytesOf(changed), KEY, by(SEAL)), `at ${at}`).toBeUndefined()
    }
  })

  it('when it is cut short, or longer', async () => {
    const text = new TextDecoder().decode(await sealRecord(RECORD, by(SEAL)))
    for (const changed of ['', '.', '..', text.slice(0, -1), `${text}.`, `${text}A`, ` ${text}`, `${text}\n`]) {
      expect(await openRecord(bytesOf(changed), KEY, by(SEAL)), JSON.stringify(changed)).toBeUndefined()
    }
  })

  it('when it is over the size that a store value may have, even if its signature fits', async () => {
    const spare = STORE_VALUE_MAX_BYTES - (await sealed(JSON.stringify({ ...PAYLOAD, text: '' }))).length
    const record = { ...PAYLOAD, text: 'x'.repeat(Math.floor((spare * 3) / 4) - 4) }
    const fits = await sealed(JSON.stringify(record))
    expect(fits.length).toBeLessThanOrEqual(STORE_VALUE_MAX_BYTES)
    expect(await openRecord(fits, KEY, by(SEAL))).toBeDefined()
    const over = await sealed(JSON.stringify({ ...record, text: `${record.text}xxxxxxxx` }))
    expect(over.length).toBeGreaterThan(STORE_VALUE_MAX_BYTES)
    expect(await openRecord(over, KEY, by(SEAL))).toBeUndefined()
  })

  it.each([
    ['another type', { typ: 'postern-session+jwt' }],
    ['no type', { typ: undefined }],
    ['another key id', { kid: 'AAAAAAAAAAAAAAAA' }],
    ['no key id', { kid: undefined }],
    ['one more parameter', { jku: 'https://attacker.example' }],
  ])('when its header has %s', async (_what, header) => {
    expect(await openRecord(await sealed(JSON.stringify(PAYLOAD), header), KEY, by(SEAL))).toBeUndefined()
  })

  it('when it is signed by another algorithm, with the same key as long as that one needs', async () => {
    const valid = await headerOf(await sealRecord(RECORD, by(SEAL)))
    const { key } = await deriveKey(SEAL, 'postern-applied/2')
    const long = new Uint8Array(64)
    long.set(key)
    const jws = await new CompactSign(bytesOf(JSON.stringify(PAYLOAD)))
      .setProtectedHeader({ ...valid, alg: 'HS512' })
      .sign(long)
    expect(await openRecord(bytesOf(jws), KEY, by(SEAL))).toBeUndefined()
  })

  it.each([
    ['of another trust domain', { trustDomain: 'staging.example.org' }],
    ['of another gateway', { issuerUrl: 'https://staging.example' }],
  ])('when it was sealed with the same keys by a gateway %s', async (_which, change) => {
    const record = await sealRecord(RECORD, { ...by(SEAL), ...change })
    expect(await openRecord(record, KEY, by(SEAL))).toBeUndefined()
    expect(await openRecord(record, KEY, { ...by(SEAL), ...change })).toBeDefined()
  })

  it('when the seal key itself signed it, or the key of another use', async () => {
    const header = await headerOf(await sealRecord(RECORD, by(SEAL)))
    const { key: other } = await deriveKey(SEAL, 'postern-challenge/1')
    for (const key of [SEAL, other]) {
      const jws = await new CompactSign(bytesOf(JSON.stringify(PAYLOAD))).setProtectedHeader(header).sign(key)
      expect(await openRecord(bytesOf(jws), KEY, by(SEAL))).toBeUndefined()
    }
  })

  it('when it says that it needs no signature', async () => {
    const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll('=', '')
    const { kid } = await headerOf(await sealRecord(RECORD, by(SEAL)))
    const none = `${encode({ alg: 'none', typ: 'postern-applied+jws', kid })}.${encode(PAYLOAD)}.`
    expect(await openRecord(bytesOf(none), KEY, by(SEAL))).toBeUndefined()
  })

  it.each<[string, object]>([
    ['of the form before', { v: 1 }],
    ['of another version', { v: 3 }],
    ['of a version that is text', { v: '2' }],
    ['of another trust domain', { trustDomain: 'other.example' }],
    ['of another gateway', { issuer: 'https://other.example' }],
    ['without a confirmation', { confirmedAt: undefined }],
    ['without the time of its read', { readAt: undefined }],
    ['with a key that is no text', { key: 1 }],
    ['with a digest of another kind', { digest: `md5:${'0'.repeat(32)}` }],
    ['with a digest in capitals', { digest: `sha256:${'A'.repeat(64)}` }],
    ['with a text that is none', { text: ['x'] }],
    ['with a time that is a number', { appliedAt: 1 }],
    ['with a time of confirmation that is none', { confirmedAt: 'x' }],
    ['with a time of reading that is none', { readAt: 'x' }],
    ['with a time in another spelling', { appliedAt: '2026-01-01T00:00:00Z' }],
    ['with a time that does not exist', { appliedAt: '2026-02-30T00:00:00.000Z' }],
    ['with one more member', { deletedAt: '2026-01-01T00:00:00.000Z' }],
    ['without a text', { text: undefined }],
  ])('when it is well sealed but %s', async (_how, change) => {
    expect(await openRecord(await sealed(JSON.stringify({ ...PAYLOAD, ...change })), KEY, by(SEAL))).toBeUndefined()
  })

  it.each<[string, object]>([
    ['no versions', { contested: [] }],
    ['too many versions', { contested: Array.from({ length: CONTESTED_RIVALS_MAX + 1 }, () => RIVAL) }],
    ['a version that is no digest', { contested: [{ ...RIVAL, version: 'x' }] }],
    ['a time that is none', { contested: [{ ...RIVAL, at: 'x' }] }],
    ['a version with a text', { contested: [{ ...RIVAL, text: 'x' }] }],
    ['versions that are no list', { contested: RIVAL }],
    ['a text as well', { text: 'x' }],
  ])('when it is contested by %s', async (_what, change) => {
    const contested = { ...COMMON, contested: Array.from({ length: CONTESTED_RIVALS_MAX }, () => RIVAL) }
    expect(await openRecord(await sealed(JSON.stringify(contested)), KEY, by(SEAL))).toBeDefined()
    expect(await openRecord(await sealed(JSON.stringify({ ...contested, ...change })), KEY, by(SEAL))).toBeUndefined()
  })

  it.each([
    'null',
    '[]',
    '"text"',
    '',
    '{',
    `{"v":2,${JSON.stringify({ ...COMMON, deletedAt: '2026-01-01T00:00:00.000Z' }).slice(1)}`,
    `{"__proto__":{},${JSON.stringify(COMMON).slice(1)}`,
  ])('when it is well sealed but %s', async (payload) => {
    expect(await openRecord(await sealed(payload), KEY, by(SEAL))).toBeUndefined()
  })

  it('whatever bytes stand in its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await openRecord(bytes, KEY, by(SEAL))).toBeUndefined()
      }),
    )
  })
})
