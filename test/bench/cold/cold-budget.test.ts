// What a first login reads, fetches and makes, and what a document holds of memory, against budgets in counts: no clock.
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { FirstLoginCounts } from './count-first-login.ts'
import type { HeldMemory } from './held-memory.ts'

async function run<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
}

const countFirstLogin = (policies: number): Promise<FirstLoginCounts> =>
  run('test/bench/cold/count-first-login.ts', String(policies))

const holdMemory = (clusters: number): Promise<HeldMemory> =>
  run('--expose-gc', 'test/bench/cold/held-memory.ts', String(clusters))

describe('the first login of a new gateway', () => {
  it('reads the policies and two lists of what is revoked, fetches metadata and keys once each, imports one key', async () => {
    const { reads, fetches, counts } = await countFirstLogin(50)
    expect(reads).toEqual(['clusters/bench/AgentAttestation', 'trust-domain/Revocations', 'clusters/bench/Revocations'])
    expect(fetches).toEqual(['/.well-known/openid-configuration', '/openid/v1/jwks'])
    expect(counts).toMatchObject({ 'subtle.importKey': 1, 'subtle.verify': 1, 'subtle.sign': 1 })
    // The document, and the policy that admits.
    expect(counts['subtle.digest']).toBe(2)
    expect(counts['promises']).toBeLessThanOrEqual(300)
  })

  it('waits for nothing once per policy, and reads and encodes each a bounded number of times', async () => {
    const [few, many] = await Promise.all([countFirstLogin(50), countFirstLogin(500)])
    const more = (name: string): number => (many.counts[name] ?? 0) - (few.counts[name] ?? 0)
    expect(many.reads).toEqual(few.reads)
    expect(many.fetches).toEqual(few.fetches)
    for (const name of ['subtle.digest', 'subtle.importKey', 'new URL', 'JSON.parse'])
      expect([name, more(name)]).toEqual([name, 0])
    // How the issuer's answers arrive moves the counts a little.
    for (const name of ['promises', 'resumptions']) expect(more(name)).toBeLessThan(20)
    for (const name of ['JSON.stringify', 'TextEncoder.encode']) expect([name, more(name)]).toEqual([name, 450])
    const moreBytes = many.documentBytes - few.documentBytes
    // Decoded once. The port of the issuer has more or fewer digits.
    expect(Math.abs(more('TextDecoder.decode, units') - moreBytes)).toBeLessThan(100)
    expect(more('TextEncoder.encode, units')).toBeLessThanOrEqual(2 * moreBytes)
  })
})

describe('the memory of documents', () => {
  it('is at most 30 kB for each cluster of 10 policies, and no more for each of many', async () => {
    const [few, many] = await Promise.all([holdMemory(100), holdMemory(1000)])
    const perCluster = (many.heldBytes - few.heldBytes) / 900
    expect(perCluster).toBeGreaterThan(0)
    expect(perCluster).toBeLessThanOrEqual(30_000)
    expect(few.heldBytes).toBeLessThanOrEqual(5_000_000)
  })
})
