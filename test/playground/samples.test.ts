// Every sample of the page shows what its title promises, and each attestor has one.
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import { SAMPLES } from '../../playground/samples/samples.ts'
import { ATTESTORS } from '../../src/attest/table.ts'
import { makeEngine, situationOf } from './situation.ts'

/** What only the gateway can open, or ask for, stays undecided. */
const SEALED = ['azure_imds', 'ssh_pop', 'x509_pop', 'tpm_ek', 'http_dns', 'extension']

let engine: PlaygroundEngine
beforeAll(() => {
  engine = makeEngine()
})

describe('the samples', () => {
  it('show every attestor', () => {
    expect(new Set(SAMPLES.map(({ attestor }) => attestor))).toEqual(new Set(ATTESTORS.map(({ type }) => type)))
  })

  it.each(SAMPLES)('$id is decided as its attestor can be without a gateway', async ({ id, attestor }) => {
    const { settings, documents, keyFaults, login } = await engine.evaluate(situationOf(id))
    expect({
      settings,
      keyFaults,
      errors: documents.flatMap(({ issues }) => issues.filter((one) => one.severity === 'error')),
    }).toEqual({ settings: [], keyFaults: [], errors: [] })
    const isSealed = SEALED.includes(attestor)
    expect(login).toMatchObject({
      kind: 'explained',
      verdict: { kind: isSealed ? 'undecided' : 'admitted' },
      signature: isSealed ? 'unchecked' : 'verified',
    })
  })
})
