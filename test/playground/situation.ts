// Situations for the tests of the page: those of its samples.
import { createPlaygroundEngine, type PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import type { Situation, SituationSettings } from '../../playground/engine/situation.ts'
import { SAMPLES, type Sample } from '../../playground/samples/samples.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'

export const SETTINGS: SituationSettings = {
  trustDomain: 'example.org',
  clusterId: 'demo',
  issuerUrl: 'https://login.example.org',
  audience: '',
  clockSkewSeconds: 30,
  allowLoopbackIssuers: false,
  privateIssuers: '',
}

export function makeEngine(): PlaygroundEngine {
  return createPlaygroundEngine(loadPolicyVm())
}

export function findSample(id: string): Sample {
  const found = SAMPLES.find((sample) => sample.id === id)
  if (found === undefined) throw new Error(`no sample ${id}`)
  return found
}

/** The situation of a sample, with a part of it changed. */
export function situationOf(id: string, change: Partial<Situation> = {}): Situation {
  const { documents, evidence, keys, workload = '', atSeconds } = findSample(id)
  return { settings: SETTINGS, documents, role: 'agent', evidence, keys, workload, container: '', atSeconds, ...change }
}
