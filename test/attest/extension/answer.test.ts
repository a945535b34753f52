// What a webhook may answer: a valid answer, and one thing of it changed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../../src/attest/extension/answer.ts'
import type { Attributes } from '../../../src/attribute/attribute.ts'
import { resolveAttribute } from '../../../src/attribute/catalogue.ts'
import { type Json, parseJson } from '../../../src/core/json.ts'
import {
  AUDIT_TEXT_MAX_LENGTH,
  CUSTOM_ATTRIBUTES_MAX,
  CUSTOM_KEY_MAX_LENGTH,
  CUSTOM_VALUE_MAX_LENGTH,
  CUSTOM_VALUES_MAX,
} from '../../../src/core/limits.ts'

const ASKED = { requestId: '019aa000-0000-7000-8000-000000000000', requestDigest: `sha256:${'a'.repeat(64)}` }
const VALID = { ...ASKED, allow: true }
const PROVED: Attributes = new Map([['k8s_token.namespace', 'spirl-system']])

/** As it comes over the wire: `undefined` members are absent. */
function read(change: object, proved = PROVED) {
  const json = parseJson(JSON.stringify({ ...VALID, ...change }), 32)
  if (!json.ok) throw new Error(json.fault)
  return readAnswer(json.value, ASKED, proved)
}
const attributes = (values: object) => read({ attributes: values })
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x']))

describe('readAnswer()', () => {
  it('takes attributes under names of their own', () => {
    const values = { device_id: 'd-1', 'fw-version': 7, managed: true, groups: ['a', 'b'] }
    expect(attributes(values)).toEqual({
      kind: 'allowed',
      attributes: [
        { origin: 'extension', name: 'custom.device_id', value: 'd-1' },
        { origin: 'extension', name: 'custom.fw-version', value: '7' },
        { origin: 'extension', name: 'custom.managed', value: 'true' },
        { origin: 'extension', name: 'custom.groups', value: ['a', 'b'] },
      ],
    })
  })

  it.each<[string, object, string]>([
    ['nothing more', {}, 'allowed'],
    ['a reason', { reason: 'the device is in the inventory' }, 'allowed'],
    ['the longest reason', { reason: 'x'.repeat(AUDIT_TEXT_MAX_LENGTH) }, 'allowed'],
    ['a longer reason', { reason: 'x'.repeat(AUDIT_TEXT_MAX_LENGTH + 1) }, 'invalid'],
    ['an empty reason', { reason: '' }, 'invalid'],
    ['a reason that is no string', { reason: 1 }, 'invalid'],
    ['a no', { allow: false, reason: 'stolen' }, 'denied'],
    ['a no without a reason', { allow: false }, 'invalid'],
    ['a no with attributes', { allow: false, reason: 'stolen', attributes: {} }, 'invalid'],
    ['a yes that is a string', { allow: 'true' }, 'invalid'],
    ['a yes that is a number', { allow: 1 }, 'invalid'],
    ['neither yes nor no', { allow: undefined }, 'invalid'],
    ['null for it', { allow: null }, 'invalid'],
    ['an unknown member', { allowed: true }, 'invalid'],
    ['a member of the prototype', { ['__proto__']: 1, constructor: 1 }, 'invalid'],
    ['the id of another request', { requestId: '019aa000-0000-7000-8000-000000000001' }, 'mismatch'],
    ['that id in capitals', { requestId: ASKED.requestId.toUpperCase() }, 'mismatch'],
    ['no id', { requestId: undefined }, 'invalid'],
    ['the digest of another body', { requestDigest: `sha256:${'b'.repeat(64)}` }, 'mismatch'],
    ['a digest in capitals', { requestDigest: `sha256:${'A'.repeat(64)}` }, 'invalid'],
    ['a digest without its algorithm', { requestDigest: 'a'.repeat(64) }, 'invalid'],
    ['no digest', { requestDigest: undefined }, 'invalid'],
    ['a no to another request', { allow: false, reason: 'x', requestId: 'y' }, 'mismatch'],
    ['no attributes', { attributes: {} }, 'allowed'],
    ['null for attributes', { attributes: null }, 'invalid'],
    ['a list of attributes', { attributes: [] }, 'invalid'],
    ['the most attributes', { attributes: many(CUSTOM_ATTRIBUTES_MAX) }, 'allowed'],
    ['more attributes', { attributes: many(CUSTOM_ATTRIBUTES_MAX + 1) }, 'invalid'],
  ])('with %s', (_what, change, kind) => {
    expect(read(change).kind).toBe(kind)
  })

  it.each<[string, Json]>([
    ['a list', []],
    ['null', null],
    ['a string', 'allow'],
    ['true', true],
  ])('takes %s for no answer', (_what, answer) => {
    expect(readAnswer(answer, ASKED, PROVED).kind).toBe('invalid')
  })

  it.each<[string, string, boolean]>([
    ['the longest key', 'k'.repeat(CUSTOM_KEY_MAX_LENGTH), true],
    ['a longer key', 'k'.repeat(CUSTOM_KEY_MAX_LENGTH + 1), false],
    ['the name of another attestor', 'k8s_token.node.name', false],
    ['a name that has been proved', 'k8s_token.namespace', false],
    ['the name of a workload', 'kubernetes.pod.namespace', false],
    ['the whole name', 'custom.device_id', false],
    ['brackets', '[device_id]', false],
    ['a digit first', '1st', false],
    ['no key', '', false],
    ['__proto__', '__proto__', false],
    ['a space', 'device id', false],
    ['braces of a template', 'a}}', false],
    ['a line feed at the end', 'a\n', false],
    ['a letter that is not of ASCII', 'ａ', false],
  ])('with %s as a key', (_what, key, isTaken) => {
    expect(attributes({ [key]: 'x' }).kind).toBe(isTaken ? 'allowed' : 'invalid')
  })

  it('overwrites nothing that was proved', () => {
    const proved: Attributes = new Map([['custom.device_id', 'd-1']])
    expect(read({ attributes: { device_id: 'd-2' } }, proved).kind).toBe('invalid')
    expect(read({ attributes: { other: 'd-2' } }, proved).kind).toBe('allowed')
  })

  it.each<[string, Json, boolean]>([
    ['the longest string', 'x'.repeat(CUSTOM_VALUE_MAX_LENGTH), true],
    ['a longer string', 'x'.repeat(CUSTOM_VALUE_MAX_LENGTH + 1), false],
    ['an empty string', '', false],
    ['a control character', 'a\u001b[2J', false],
    ['a negative number', -1, true],
    ['a fraction', 0.5, false],
    ['null', null, false],
    ['an object', {}, false],
    ['an empty list', [], false],
    ['the longest list', Array(CUSTOM_VALUES_MAX).fill('x'), true],
    ['a longer list', Array(CUSTOM_VALUES_MAX + 1).fill('x'), false],
    ['a list of numbers', [1], false],
    ['a list in a list', [['x']], false],
    ['a list with an empty string', ['x', ''], false],
  ])('with %s as a value', (_what, value, isTaken) => {
    expect(attributes({ key: value }).kind).toBe(isTaken ? 'allowed' : 'invalid')
  })

  it('never quotes a value', () => {
    for (const change of [{ attributes: { key: ['SECRET', 1] } }, { reason: { a: 'SECRET' } }, { requestId: 'SECRET' }])
      expect(JSON.stringify(read(change))).not.toContain('SECRET')
  })

  it('yields nothing but attributes of its own, whatever it reads', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('device_id', 'k8s_token.node.name', 'constructor', '__proto__'))
    const value = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.string({ minLength: 1 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), fc.boolean(), (entries, allow) => {
        const text = JSON.stringify({ ...ASKED, allow, attributes: Object.fromEntries(entries) })
        const json = parseJson(text, 32)
        if (!json.ok) return
        const answer = readAnswer(json.value, ASKED, PROVED)
        if (answer.kind !== 'allowed') return
        expect(allow).toBe(true)
        for (const { origin, name } of answer.attributes) {
          expect(origin).toBe('extension')
          expect(resolveAttribute(name)).toMatchObject({ name, row: { name: 'custom.<key>' } })
          expect(PROVED.has(name)).toBe(false)
        }
      }),
    )
  })
})
