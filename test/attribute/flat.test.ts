import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/attribute/catalogue.ts'
import type { Enablement } from '../../src/attribute/enabled.ts'
import { readFlatAttributes } from '../../src/attribute/flat.ts'
import { type Json, parseJson } from '../../src/core/json.ts'
import { ATTRIBUTE_VALUE_MAX_BYTES, ATTRIBUTE_VALUES_MAX, WORKLOAD_ATTRIBUTES_MAX } from '../../src/core/limits.ts'

const nothing: Enablement = { includeContainerAttributes: false, includeAnnotationPrefixes: [] }

/** The attributes, or the code of the refusal. */
function read(input: Readonly<Record<string, Json>>, enablement = nothing): unknown {
  const result = readFlatAttributes(new Map(Object.entries(input)), enablement)
  return result.ok ? Object.fromEntries(result.value.attributes) : result.refusal.code
}

describe('readFlatAttributes()', () => {
  it('makes names canonical', () => {
    const input = { 'kubernetes.pod.label.app': 'web', "kubernetes.pod.label.'a/b'": 'x', 'kubernetes.pod.name': 'p' }
    expect(read(input)).toEqual({
      'kubernetes.pod.label[app]': 'web',
      'kubernetes.pod.label[a/b]': 'x',
      'kubernetes.pod.name': 'p',
    })
  })

  it('reads a JSON object and a Map alike, whatever the names', () => {
    const parsed = parseJson('{"custom_":"x","__proto__":"y"}', 2)
    const input = parsed.ok ? (parsed.value as Record<string, Json>) : {}
    expect(readFlatAttributes(input, nothing)).toMatchObject({ ok: false, refusal: { code: 'attribute_unknown' } })
    expect(readFlatAttributes(new Map([['__proto__', 'y']]), nothing)).toMatchObject({
      refusal: { where: '__proto__' },
    })
    const named = parseJson('{"kubernetes.pod.label[__proto__]":"x"}', 2)
    const result = readFlatAttributes(named.ok ? (named.value as Record<string, Json>) : {}, nothing)
    expect(result.ok && result.value.attributes.get('kubernetes.pod.label[__proto__]')).toBe('x')
  })

  it.each([
    ['an unknown name', { 'kubernetes.pod.phase': 'x' }, 'attribute_unknown'],
    ['an empty name', { '': 'x' }, 'attribute_unknown'],
    ['two spellings', { 'kubernetes.pod.label[a]': 'x', 'kubernetes.pod.label.a': 'x' }, 'attribute_duplicate'],
    [
      'two spellings, both not enabled',
      { 'docker.container.env.A': 'x', 'docker.container.env[A]': 'x' },
      'attribute_duplicate',
    ],
    ['a number for a text', { 'kubernetes.pod.name': 1 }, 'attribute_invalid'],
    ['null', { 'kubernetes.pod.name': null }, 'attribute_invalid'],
    ['an object', { 'kubernetes.pod.name': {} }, 'attribute_invalid'],
    ['a list for one value', { 'kubernetes.pod.name': ['a'] }, 'attribute_invalid'],
    ['a list of numbers', { 'linux.supp_group.id': [1] }, 'attribute_invalid'],
    ['a lone surrogate', { 'kubernetes.pod.label[a]': '\ud800' }, 'attribute_invalid'],
    ['a fraction for a count', { 'kubernetes.pod.image_count': 1.5 }, 'attribute_invalid'],
    ['a negative count', { 'kubernetes.pod.image_count': -1 }, 'attribute_invalid'],
    ['a padded count', { 'kubernetes.pod.image_count': '01' }, 'attribute_invalid'],
    ['a huge count', { 'kubernetes.pod.image_count': '9999999999999999' }, 'attribute_invalid'],
  ])('refuses %s', (_what, input: Readonly<Record<string, Json>>, code) => {
    expect(read(input)).toBe(code)
  })

  const others = CATALOGUE.filter((row) => row.side !== 'workload' && row.alsoWorkload !== true)
  it.each(others.map((row) => row.name.replace(/<.*>/, 'x')))(
    'refuses %s, which no workload attestor vouches for',
    (name) => {
      expect(read({ [name]: 'x' })).toBe('attribute_origin_forbidden')
    },
  )

  it('takes what an extension says of a workload', () => {
    expect(read({ 'custom.x': 'y' })).toEqual({ 'custom.x': 'y' })
  })

  it('refuses another spelling of a forbidden name just the same', () => {
    expect(read({ 'spirl.realm': 'x' })).toBe('attribute_origin_forbidden')
    expect(read({ 'aws_iid.ec2.instance.tag[x]': 'x' })).toBe('attribute_origin_forbidden')
  })

  it('suggests the nearest name', () => {
    const result = readFlatAttributes(new Map([['kubernetes.pod.lable[app]', 'x']]), nothing)
    expect(result.ok ? '' : result.refusal.detail).toContain('kubernetes.pod.label[app]')
  })

  it('keeps counts as integers and lists as lists', () => {
    expect(read({ 'kubernetes.pod.image_count': '2', 'kubernetes.pod.init_image_count': 0 })).toEqual({
      'kubernetes.pod.image_count': 2,
      'kubernetes.pod.init_image_count': 0,
    })
    expect(read({ 'linux.supp_group.id': ['1', '2'], 'jwt.claim.x': 'one' })).toEqual({
      'linux.supp_group.id': ['1', '2'],
      'jwt.claim.x': 'one',
    })
  })

  it.each([
    ['kubernetes.container.name', { includeContainerAttributes: true }],
    ['kubernetes.pod.annotation[example.com/x]', { includeAnnotationPrefixes: ['a/', 'example.com/'] }],
    ['docker.container.env[APP_NAME]', { includeEnvVars: ['APP_'] }],
    ['linux.binary.path', { discoverWorkloadPath: true }],
  ])('drops %s until it is enabled, and lists it', (name, change) => {
    const off = readFlatAttributes(new Map([[name, 'x']]), nothing)
    expect(off).toMatchObject({ ok: true, value: { dropped: [name], attributes: new Map() } })
    const on = readFlatAttributes(new Map([[name, 'x']]), { ...nothing, ...change })
    expect(on).toMatchObject({ ok: true, value: { dropped: [], attributes: new Map([[name, 'x']]) } })
  })

  it('holds prefixes to the start of the key, in its case', () => {
    const enablement = { ...nothing, includeAnnotationPrefixes: ['example.com/'], includeEnvVars: ['APP_'] }
    for (const name of ['kubernetes.pod.annotation[x.example.com/]', 'docker.container.env[app_x]']) {
      expect(readFlatAttributes(new Map([[name, 'x']]), enablement)).toMatchObject({ value: { dropped: [name] } })
    }
  })

  it('takes attributes up to the limits and none beyond', () => {
    const many = (count: number): ReadonlyMap<string, string> =>
      new Map(Array.from({ length: count }, (_, index) => [`kubernetes.pod.label[l${index}]`, 'x']))
    expect(readFlatAttributes(many(WORKLOAD_ATTRIBUTES_MAX), nothing).ok).toBe(true)
    expect(readFlatAttributes(many(WORKLOAD_ATTRIBUTES_MAX + 1), nothing)).toMatchObject({
      refusal: { code: 'request_malformed', where: 'attributes' },
    })
    const values = (count: number): Json => Array.from({ length: count }, () => '')
    expect(read({ 'jwt.claim.x': values(ATTRIBUTE_VALUES_MAX) })).toHaveProperty(['jwt.claim.x'])
    expect(read({ 'jwt.claim.x': values(ATTRIBUTE_VALUES_MAX + 1) })).toBe('attribute_invalid')
    const longest = 'ä'.repeat(ATTRIBUTE_VALUE_MAX_BYTES / 2)
    expect(read({ 'jwt.claim.x': longest })).toEqual({ 'jwt.claim.x': longest })
    expect(read({ 'jwt.claim.x': `${longest}a` })).toBe('value_too_long')
    expect(read({ 'jwt.claim.x': [longest, 'a'] })).toBe('value_too_long')
  })

  it('never throws, and yields canonical workload names alone', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('kubernetes.pod.name', 'kubernetes.pod.label.a', 'custom.x', 'jwt.claim.x'),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.jsonValue())), (entries) => {
        const result = readFlatAttributes(new Map(entries as [string, Json][]), nothing)
        if (result.ok) expect(readFlatAttributes(result.value.attributes, nothing)).toMatchObject({ ok: true })
        else expect(result.refusal.where).toBeDefined()
      }),
    )
  })
})
