// A cache of a server's size holds ten thousand clusters: asked in turn, each of their documents is compiled once.
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { clusterKey, parseClusterId } from '../../../src/config/document-key.ts'
import { createConfigCache } from '../../../src/config/live/cache.ts'
import { CACHE_MIN_MIB, CONFIG_CACHE_SERVER_MAX_BYTES, CONFIG_REVALIDATE_MILLIS } from '../../../src/core/limits.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { agentsDocument } from '../../bench/documents.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'

const CLUSTERS = 10_000
const ISSUER = `https://oidc.example.com/id/${'A'.repeat(32)}`
const DOCUMENT = encodeUtf8(agentsDocument([{ config: { issuerURL: ISSUER } }]))

function createCrowd(maxBytes: number) {
  const counts = { compiled: 0, read: 0, told: 0, unavailable: 0 }
  let now = 1_000_000
  const background: Promise<unknown>[] = []
  const cache = createConfigCache({
    source: {
      async read(key) {
        counts.read++
        return key.endsWith('/AgentAttestation') ? DOCUMENT : undefined
      },
    },
    tell: () => void counts.told++,
    clock: () => now,
    sleep: () => new Promise(() => undefined),
    compile(section, bytes, context) {
      counts.compiled++
      return compileDocument(section, bytes, context)
    },
    contextFor: () => COMPILE_CONTEXT,
    maxBytes,
  })
  return {
    counts,
    pass(millis: number): void {
      now += millis
    },
    /** As a login of each cluster reads them, one after the other. */
    async rotate(): Promise<void> {
      for (let n = 0; n < CLUSTERS; n++) {
        const id = parseClusterId(`c-${n}`)
        if (id === undefined) throw new Error('no id')
        const agents = clusterKey(id, 'AgentAttestation')
        for (const key of [agents, clusterKey(id, 'Revocations')]) {
          const read = cache.recall(key) ?? (await cache.get(key, (work) => void background.push(work)))
          if (read.kind === 'unavailable') counts.unavailable++
        }
        cache.prove(agents)
      }
      await Promise.all(background.splice(0))
    },
  }
}

describe('ten thousand clusters in turn', () => {
  it('are compiled once, read once while they are fresh, and reported once', async () => {
    const { counts, rotate, pass } = createCrowd(CONFIG_CACHE_SERVER_MAX_BYTES)
    await rotate()
    const once = { compiled: CLUSTERS, read: 2 * CLUSTERS, told: CLUSTERS, unavailable: 0 }
    expect(counts).toEqual(once)
    await rotate()
    expect(counts).toEqual(once)
    pass(CONFIG_REVALIDATE_MILLIS + 1)
    await rotate()
    expect(counts).toEqual({ ...once, read: 4 * CLUSTERS })
  }, 60_000)

  it('do not fit a smaller cache: they are compiled again, within the budget', async () => {
    const { counts, rotate } = createCrowd(CACHE_MIN_MIB * 1024 * 1024)
    await rotate()
    await rotate()
    expect(counts.compiled).toBeGreaterThan(CLUSTERS)
    expect(counts.unavailable).toBeGreaterThan(0)
  }, 60_000)
})
