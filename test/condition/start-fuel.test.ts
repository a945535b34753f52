import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { computeStartFuel } from '../../src/condition/start-fuel.ts'

function fuelOf(text: string, attributes: Readonly<Record<string, AttributeValue>> = {}): number {
  const { condition } = compileCondition(text, createCatalogueScope(), [])
  if (condition === undefined) throw new Error('it compiles')
  return computeStartFuel(condition.program, new Map(Object.entries(attributes)))
}

const LABEL = 'kubernetes.pod.label["a"]'
const NAME = 'kubernetes.pod.label[a]'
const unread = (attribute: string): string => `false && ${attribute} == "x"`

describe('computeStartFuel()', () => {
  it.each<[string, number, number]>([
    ['a text, though it is never read', fuelOf(unread(LABEL), { [NAME]: 'x'.repeat(16_000) }), 4000],
    ['a short text', fuelOf(unread(LABEL), { [NAME]: '' }), fuelOf(unread(LABEL))],
    ['elements', fuelOf('"x" in jwt.claim["g"]', { 'jwt.claim.g': Array.from({ length: 1000 }, () => '') }), 16_000],
    ['the texts of elements', fuelOf('"x" in jwt.claim["g"]', { 'jwt.claim.g': ['x'.repeat(16_000)] }), 4000],
    ['the program, which may have to be loaded', fuelOf(`false && ${LABEL} == "${'y'.repeat(3200)}"`), 100],
  ])('is more for %s', (_what, more, less) => expect(more).toBeGreaterThanOrEqual(less))

  it('is for what the condition names alone, and each of it once', () => {
    const given = { [NAME]: 'x'.repeat(400), 'kubernetes.pod.name': 'x'.repeat(16_000) }
    expect(fuelOf(unread(LABEL), given)).toBeLessThan(150)
    expect(fuelOf(`${unread(LABEL)} || ${unread(LABEL)}`, given)).toBeLessThan(150)
  })

  it('is small for what real conditions read', () => {
    const text = 'kubernetes.pod.namespace == "prod" && kubernetes.pod.service_account.startsWith("web-")'
    const given = { 'kubernetes.pod.namespace': 'team-a', 'kubernetes.pod.service_account': 'web-frontend' }
    expect(fuelOf(text, given)).toBeLessThan(32)
  })
})
