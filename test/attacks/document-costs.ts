// What one document costs at the most: the CPU of compiling it, and the memory that what was compiled takes.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compileDocument } from '../../src/config/compile/compile.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import { DOCUMENT_MAX_BYTES } from '../../src/core/limits.ts'
import { COMPILE_CONTEXT } from '../config/compile-context.ts'
import { startCpu } from './counting.ts'
import { makeLargeDocument, repeat } from './documents.ts'

export interface DocumentCost {
  readonly name: string
  readonly bytes: number
  readonly isCompiled: boolean
  readonly cpuMillis: number
  /** Of what stays in memory: the compiled value, or the issues. */
  readonly memoryMebibytes: number
}

const section = (name: SectionName, spec: unknown): string => JSON.stringify({ section: name, schema: 'v1', spec })
const padded = (start: string, item: string): string =>
  start + item.repeat(Math.floor((DOCUMENT_MAX_BYTES - start.length) / item.length))

/** Overrides that differ in one of many attributes: what is before what is most work to tell. */
function overrides(count: number, attributes: number): string {
  const names = repeat(attributes, (at) => `kubernetes.pod.label[l${at}]`)
  return section('SVIDIssuancePolicy', {
    policy: { pathTemplate: '/x' },
    policyOverrides: repeat(count, (index) => ({
      when: Object.fromEntries(names.map((name, at) => [name, at === index % attributes ? `v${index}` : 'same'])),
      policy: { x509: { ttl: '4h' } },
    })),
  })
}

/** Each near a limit of its own. */
const DOCUMENTS: readonly (readonly [name: string, of: SectionName, make: () => string])[] = [
  ['9,000 policies, some with conditions', 'AgentAttestation', () => makeLargeDocument(1)],
  [
    '1,900 conditions, each another',
    'AgentAttestation',
    () =>
      section('AgentAttestation', {
        policies: repeat(60, (policy) => ({
          name: `p${policy}`,
          requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: `https://oidc.example.com/${policy}` } }],
          conditions: repeat(32, (at) => ({
            expression: repeat(12, (n) => `k8s_token.namespace == "${policy}-${at}-${n}"`).join(' || '),
          })),
        })),
      }),
  ],
  [
    '155 patterns that take thousands of steps each',
    'AgentAttestation',
    () =>
      section('AgentAttestation', {
        policies: repeat(155, (policy) => ({
          name: `p${policy}`,
          requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: `https://oidc.example.com/${policy}` } }],
          conditions: [{ expression: `k8s_token.namespace.matches("^(a|[b-y]z){300}$")` }],
        })),
      }),
  ],
  ['9,800 overrides of 2 attributes', 'SVIDIssuancePolicy', () => overrides(9_800, 2)],
  ['300 overrides of 100 attributes', 'SVIDIssuancePolicy', () => overrides(300, 100)],
  ['90 overrides of 500 attributes', 'SVIDIssuancePolicy', () => overrides(90, 500)],
  [
    '50,000 unknown fields',
    'AgentAttestation',
    () => section('AgentAttestation', Object.fromEntries(repeat(50_000, (at) => [`field${at}`, 0]))),
  ],
  ['2 MiB of list elements', 'AgentAttestation', () => padded('section: AgentAttestation\nspec: [', 'a,')],
  ['2 MiB of lines', 'AgentAttestation', () => padded('section: AgentAttestation\n', '#\n')],
  ['2 MiB of brackets', 'AgentAttestation', () => padded('', '[')],
]

export function measureDocuments(): readonly DocumentCost[] {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return DOCUMENTS.map(([name, of, make]) => {
    const bytes = new TextEncoder().encode(make())
    collect()
    const memoryBefore = readMemory()
    const readCpu = startCpu()
    const compiled = compileDocument(of, bytes, COMPILE_CONTEXT)
    const cpuMillis = readCpu()
    collect()
    const memoryMebibytes = Math.max(0, readMemory() - memoryBefore) / 2 ** 20
    return { name, bytes: bytes.length, isCompiled: compiled.ok, cpuMillis, memoryMebibytes }
  })
}

/** Bytes of the heap and of the buffers that it holds. */
function readMemory(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
