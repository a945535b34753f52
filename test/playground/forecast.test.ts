// What becomes of a login with time, and by another version of its documents.
import { beforeAll, describe, expect, it } from 'vitest'
import { type ComparedCase, compareVersions } from '../../playground/engine/compare.ts'
import { forecast } from '../../playground/engine/forecast.ts'
import type { PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import { findSample, makeEngine, situationOf } from './situation.ts'

let engine: PlaygroundEngine
beforeAll(() => {
  engine = makeEngine()
})

const SAMPLE = findSample('kubernetes')
const ISSUED = SAMPLE.atSeconds - 60
const SKEW = 30
const never = () => Promise.resolve(false)

describe('forecast()', () => {
  it('finds the very seconds at which the answer changes, and why it is refused tomorrow', async () => {
    const situation = situationOf('kubernetes')
    const { instants } = await engine.evaluate(situation)
    const made = await forecast(engine, situation, instants, never)
    expect(made?.turns.map(({ atSeconds, summary }) => [atSeconds, summary.tone])).toEqual([
      [ISSUED - 3600, 'bad'],
      [ISSUED - SKEW, 'good'],
      // Within the skew the token still verifies, but its session would have ended.
      [ISSUED + 3600, 'bad'],
    ])
    expect(made?.tomorrow).toMatchObject({ tone: 'bad', title: expect.stringContaining('token_expired') })
  })

  it('finds the end of a revocation between the instants of the evidence', async () => {
    const until = new Date((ISSUED + 600) * 1000).toISOString().replace('.000Z', 'Z')
    const text = JSON.stringify({
      section: 'Revocations',
      schema: 'v1',
      spec: { entries: [{ node: 'ip-10-0-1-1.ec2.internal', until, reason: 'test' }] },
    })
    const documents = [...SAMPLE.documents, { scope: 'cluster', section: 'Revocations', text } as const]
    const situation = situationOf('kubernetes', { documents })
    const { instants } = await engine.evaluate(situation)
    const made = await forecast(engine, situation, instants, never)
    expect(made?.turns.map(({ atSeconds }) => atSeconds)).toContain(ISSUED + 600)
  })

  it('gives up when something newer is asked', async () => {
    expect(await forecast(engine, situationOf('kubernetes'), [], () => Promise.resolve(true))).toBeUndefined()
  })
})

describe('compareVersions()', () => {
  const { evidence, keys, workload = '', atSeconds } = SAMPLE
  const own: ComparedCase = { name: 'own', evidence, keys, workload, container: '', atSeconds }
  const change = (from: string, to: string) =>
    SAMPLE.documents.map((one) => ({ ...one, text: one.text.replaceAll(from, to) }))

  it.each<[string, ReturnType<typeof change>, string]>([
    ['another namespace', change('spirl-system', 'elsewhere'), 'gains'],
    ['the same documents', change('nothing', 'nothing'), 'same'],
    ['another name of the policy', change('eks_agents', 'agents'), 'changes'],
    ['another path', change('/ns/', '/namespace/'), 'changes'],
    ['a document that does not compile', change('issuerURL', 'isuerURL'), 'gains'],
  ])('says who gains from %s', async (_name, before, expected) => {
    const made = await compareVersions(engine, situationOf('kubernetes'), before, [own], never)
    expect(made).toMatchObject([{ name: 'own', change: expected }])
  })

  it('lists who loses first', async () => {
    const [github] = [findSample('github')]
    const other: ComparedCase = { ...own, name: 'other', evidence: github.evidence, keys: github.keys }
    const after = situationOf('kubernetes', { documents: github.documents })
    const made = await compareVersions(engine, after, SAMPLE.documents, [other, own], never)
    expect(made?.map(({ name, change: changed }) => [name, changed])).toEqual([
      ['own', 'loses'],
      ['other', 'gains'],
    ])
  })

  it('gives up when something newer is asked', async () => {
    const made = await compareVersions(engine, situationOf('kubernetes'), [], [own], () => Promise.resolve(true))
    expect(made).toBeUndefined()
  })
})
