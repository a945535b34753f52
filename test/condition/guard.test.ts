import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'

function lint(text: string): readonly string[] {
  const { condition, issues } = compileCondition(text, createCatalogueScope(), [])
  expect(condition).toBeDefined()
  return issues.map(({ code, message, offset }) => `${code}@${offset} ${message.split(': write ')[1] ?? ''}`)
}

const NODE = 'k8s_token.node.name'
const APP = 'kubernetes.pod.label["app"]'

describe('an attribute that may be absent', () => {
  it.each([
    ['alone', `${NODE} == "a"`, `has(${NODE}) && ${NODE} == "a"`, 0],
    ['as a key', `${APP} == "a"`, `"app" in kubernetes.pod.label && ${APP} == "a"`, 0],
    [
      'as a field',
      'kubernetes.pod.label.app == "a"',
      'has(kubernetes.pod.label.app) && kubernetes.pod.label.app == "a"',
      0,
    ],
    ['in its clause', `true && ${NODE} == "a"`, `has(${NODE}) && ${NODE} == "a"`, 8],
    ['in a choice', `${NODE} == "a" ? true : false`, `has(${NODE}) && ${NODE} == "a"`, 0],
    ['in a loop', `["a"].all(x, x == ${NODE})`, `has(${NODE}) && x == ${NODE}`, 18],
    [
      'in what chooses between texts',
      `(true ? ${NODE} : "b") == "a"`,
      `has(${NODE}) && (true ? ${NODE} : "b") == "a"`,
      8,
    ],
    [
      'guarded on one side of || only',
      `(has(${NODE}) || true) && ${NODE} == "a"`,
      `has(${NODE}) && ${NODE} == "a"`,
      38,
    ],
    ['where it is known to be absent', `!has(${NODE}) && ${NODE} == "a"`, `has(${NODE}) && ${NODE} == "a"`, 29],
    ['once another is guarded', `has(k8s_token.pod.name) && ${NODE} == "a"`, `has(${NODE}) && ${NODE} == "a"`, 27],
  ])('is reported %s, with its guard', (_where, text, guarded, offset) => {
    expect(lint(text)).toEqual([`attribute_may_be_absent@${offset} ${guarded}`])
  })

  it.each([
    ['before it', `has(${NODE}) && ${NODE} == "a"`],
    ['after it, because && absorbs', `${NODE} == "a" && has(${NODE})`],
    ['for a key', `"app" in kubernetes.pod.label && ${APP} == "a"`],
    ['by a field for a key', `has(kubernetes.pod.label.app) && ${APP} == "a"`],
    ['by the negation', `!has(${NODE}) || ${NODE} == "a"`],
    ['by a choice', `has(${NODE}) ? ${NODE} == "a" : true`],
    ['by the other branch', `!has(${NODE}) ? true : ${NODE} == "a"`],
    ['around parentheses', `has(${NODE}) && (true || ${NODE} == "a" && true)`],
    ['on both sides of ||', `(has(${NODE}) && true || has(${NODE})) && ${NODE} == "a"`],
    ['around a loop', `has(${NODE}) && ["a"].all(x, x == ${NODE})`],
  ])('is not reported when guarded %s', (_where, text) => {
    expect(lint(text)).toEqual([])
  })

  it('is reported once, where it is first read', () => {
    expect(lint(`${NODE} == "a" || ${NODE} == "b"`)).toHaveLength(1)
  })

  it('is guarded by text that itself compiles without a lint', () => {
    for (const text of [`${NODE} == "a"`, `${APP} == "a"`, `(true ? ${NODE} : "b") == "a"`]) {
      const guarded = lint(text)[0]?.split(' ').slice(1).join(' ')
      expect(lint(guarded ?? '')).toEqual([])
    }
  })
})

describe('an attribute that its attestor always vouches for', () => {
  it('needs no guard', () => {
    expect(lint('k8s_token.namespace == "a"')).toEqual([])
  })
})
