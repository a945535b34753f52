// What compiling and checking a valid document may cost: work grows with the document, whatever the document holds.
import { describe, expect, it } from 'vitest'
import type { SectionValues } from '../../src/config/compile/compile.ts'
import { findAcross } from '../../src/config/compile/cross-findings.ts'
import { createSectionStatus } from '../../src/config/live/status.ts'
import { lintShadows } from '../../src/config/sections/override-lint.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import { CLAIMS_PER_POLICY_MAX, ISSUES_MAX, OVERRIDE_COMPARISONS_MAX } from '../../src/core/limits.ts'
import type { Match } from '../../src/policy/mapping/issuance.ts'
import { DEFAULT_ISSUANCE } from '../../src/policy/mapping/issuance.ts'
import { compile, cpuMillisOf } from './document.ts'

const indexes = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)
const record = (count: number, entryOf: (index: number) => readonly [string, unknown]): object =>
  Object.fromEntries(indexes(count).map(entryOf))
const label = (index: number): string => `kubernetes.pod.label[k${index}]`

function compiledValue<Name extends SectionName>(section: Name, spec: unknown): SectionValues[Name] {
  const result = compile(section, JSON.stringify({ section, schema: 'v1', spec }))
  if (!result.ok) throw new Error(JSON.stringify(result.issues[0]))
  return result.value
}

describe('looking for shadowed overrides', () => {
  function stepsOf(whens: readonly (readonly Match[])[]): {
    readonly steps: number
    readonly shadowed: readonly number[]
  } {
    const shadowed: number[] = []
    const overrides = whens.map((when) => ({ when, issuance: DEFAULT_ISSUANCE.base }))
    return { steps: lintShadows(overrides, (index) => shadowed.push(index)), shadowed }
  }
  const when = (count: number): readonly Match[] =>
    indexes(count).map((index) => ({ attribute: label(index), values: new Set(['x']) }))

  it.each([10, 1000, 30_000])('takes a step for each of %i attributes, and not for each pair of them', (count) => {
    const { steps, shadowed } = stepsOf([when(count), when(count)])
    expect(shadowed).toEqual([1])
    expect(steps).toBeGreaterThanOrEqual(count)
    expect(steps).toBeLessThanOrEqual(4 * count)
  })

  it('takes one step where the earlier override asks for more attributes than the later one', () => {
    const { steps, shadowed } = stepsOf([when(30_000), when(29_999)])
    expect([steps, shadowed]).toEqual([1, []])
  })

  const wide = (values: number, last: string): readonly Match[] => [
    { attribute: label(0), values: new Set(['a', ...indexes(values).map(String)]) },
    { attribute: label(1), values: new Set([last]) },
  ]

  it('counts values as well, and gives up where a document would make it slow', () => {
    const few = stepsOf([wide(90, 'x'), wide(90, 'y'), wide(90, 'x')])
    expect(few.shadowed).toEqual([2])
    expect(few.steps).toBeGreaterThan(180)
    const many = stepsOf([...indexes(1000).map((index) => wide(90, `x${index}`)), wide(90, 'x0')])
    expect(many.shadowed).toEqual([])
    expect(many.steps).toBeGreaterThanOrEqual(OVERRIDE_COMPARISONS_MAX)
    expect(many.steps).toBeLessThan(OVERRIDE_COMPARISONS_MAX + 200)
  })
})

describe('the CPU time of a valid document', () => {
  const two = (count: number) => ({
    policyOverrides: [0, 1].map(() => ({ when: record(count / 2, (index) => [label(index), 'x']), policy: {} })),
  })
  const wideOverrides = (count: number) => ({
    policyOverrides: indexes(count).map((override) => ({
      when: { 'kubernetes.pod.name': ['a', ...indexes(90).map(String)], 'kubernetes.pod.namespace': `n${override}` },
      policy: {},
    })),
  })
  const claims = (count: number) => ({
    policyOverrides: indexes(count / CLAIMS_PER_POLICY_MAX).map((override) => ({
      when: { 'kubernetes.pod.name': `n${override}` },
      policy: {
        jwt: {
          additionalClaims: record(CLAIMS_PER_POLICY_MAX, (index) => [
            `c${index}`,
            `{{${label(override * CLAIMS_PER_POLICY_MAX + index)}}}`,
          ]),
        },
      },
    })),
  })
  const clusters = (count: number) => ({
    unlisted: 'refuse',
    clusters: record(count, (index) => [
      `c${index}`,
      { name: `n${index}`, pathPrefixes: [`/p${index}`, `/p/${index}`] },
    ]),
  })
  const nested = (count: number) => ({
    unlisted: 'refuse',
    clusters: {
      a: { name: 'a', pathPrefixes: indexes(count).map((index) => `/p${index % 50}${'/x'.repeat(index % 40)}`) },
      b: { name: 'b', pathPrefixes: indexes(count).map((index) => `/p${index % 50}${'/x'.repeat(index % 40)}`) },
    },
  })

  it.each<[string, SectionName, number, (count: number) => object]>([
    ['attributes of two overrides', 'SVIDIssuancePolicy', 6000, two],
    ['overrides with many values', 'SVIDIssuancePolicy', 250, wideOverrides],
    ['claims', 'SVIDIssuancePolicy', 4000, claims],
    ['clusters', 'TrustDomain', 3000, clusters],
    ['prefixes above prefixes', 'TrustDomain', 3000, nested],
  ])('grows with the number of its %s', { retry: 2 }, (_what, section, count, make) => {
    const textOf = (size: number): string => JSON.stringify({ section, schema: 'v1', spec: make(size) })
    const [small, large] = [textOf(count), textOf(4 * count)]
    const millisOf = (text: string): number =>
      Math.min(...indexes(3).map(() => cpuMillisOf(() => expect(compile(section, text).ok).toBe(true))))
    // Four times the document takes four times as long; sixteen times would be its square. The constant is for noise.
    expect(millisOf(large)).toBeLessThan(9 * millisOf(small) + 100)
  })
})

describe('checking sections against each other', () => {
  it('grows with attributes and prefixes, and not with their product', { retry: 2 }, () => {
    const annotation = (count: number) =>
      compiledValue('SVIDIssuancePolicy', {
        policyOverrides: indexes(count / CLAIMS_PER_POLICY_MAX).map((override) => ({
          when: { 'kubernetes.pod.name': `n${override}` },
          policy: {
            jwt: {
              additionalClaims: record(CLAIMS_PER_POLICY_MAX, (index) => [
                `c${index}`,
                `{{kubernetes.pod.annotation[a${override * CLAIMS_PER_POLICY_MAX + index}]}}`,
              ]),
            },
          },
        })),
      })
    const prefixes = (count: number) =>
      compiledValue('WorkloadAttestation', {
        kubernetes: { includeAnnotationPrefixes: indexes(count).map((index) => `p${index}/`) },
      })
    const policy = annotation(4000)
    const [few, many] = [prefixes(100), prefixes(20_000)]
    const millisWith = (settings: typeof few): number =>
      Math.min(
        ...indexes(3).map(() =>
          cpuMillisOf(() => findAcross({ SVIDIssuancePolicy: policy, WorkloadAttestation: settings })),
        ),
      )
    expect(
      findAcross({ SVIDIssuancePolicy: policy, WorkloadAttestation: many }).get('SVIDIssuancePolicy'),
    ).toHaveLength(4000)
    // Two hundred times the prefixes: a product would take two hundred times as long.
    expect(millisWith(many)).toBeLessThan(10 * millisWith(few) + 50)
  })

  it('lists as many findings in a status as of a document, and counts the rest', () => {
    const issue = { code: 'attribute_not_enabled', path: ['spec'], message: 'm' } as const
    const lint = { code: 'cluster_unlisted', path: [], message: 'w' } as const
    const read = { kind: 'absent', stale: false } as const
    const full = createSectionStatus('Cluster', read, [...indexes(ISSUES_MAX).map(() => issue), lint])
    expect([full.issues.length, full.warnings.length]).toEqual([ISSUES_MAX, 1])
    expect(full.issues.at(-1)?.message).toBe('m')
    const over = createSectionStatus('Cluster', read, [...indexes(ISSUES_MAX + 7).map(() => issue), lint])
    expect([over.issues.length, over.warnings.length, over.health]).toEqual([ISSUES_MAX, 1, 'UNHEALTHY'])
    expect(over.issues.at(-1)?.message).toContain('8 more')
  })
})
