import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CATALOGUE,
  findServerVersion,
  listAttributeNames,
  makeAttributeName,
  resolveAttribute,
  suggestAttribute,
} from '../../src/attribute/catalogue.ts'
import { ATTRIBUTE_NAME_MAX_LENGTH } from '../../src/core/limits.ts'

const EVERYWHERE = ['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName']
const NOT_IN_PATHS = ['jwtClaim', 'x509Subject', 'dnsName']

describe('the catalogue', () => {
  // The table of the seed document, row by row.
  it.each([
    ['kubernetes.pod.image_count', 'int', EVERYWHERE, undefined],
    ['kubernetes.pod.init_image_count', 'int', EVERYWHERE, undefined],
    ['kubernetes.pod.name', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.namespace', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.uid', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.node.name', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.owner', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.owner_uid', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.service_account', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.container.<container>.image.name', 'text', NOT_IN_PATHS, undefined],
    ['kubernetes.pod.container.<container>.image.id', 'text', NOT_IN_PATHS, undefined],
    ['kubernetes.pod.init_container.<container>.image.name', 'text', NOT_IN_PATHS, undefined],
    ['kubernetes.pod.init_container.<container>.image.id', 'text', NOT_IN_PATHS, undefined],
    ['kubernetes.pod.label[<key>]', 'text', EVERYWHERE, undefined],
    ['kubernetes.pod.annotation[<key>]', 'text', EVERYWHERE, 'includeAnnotationPrefixes'],
    ['kubernetes.container.name', 'text', EVERYWHERE, 'includeContainerAttributes'],
    ['kubernetes.container.image.name', 'text', EVERYWHERE, 'includeContainerAttributes'],
    ['kubernetes.container.image.id', 'text', EVERYWHERE, 'includeContainerAttributes'],
  ])('has the documented Kubernetes row %s', (name, type, surfaces, enabledBy) => {
    const row = CATALOGUE.find((candidate) => candidate.name === name)
    expect(row).toMatchObject({ origin: 'kubernetes', side: 'workload', type, surfaces })
    expect(row?.enabledBy).toBe(enabledBy)
  })

  it('has no name twice, aliases included', () => {
    const names = CATALOGUE.flatMap((row) => [row.name, ...(row.aliases ?? [])])
    expect(new Set(names).size).toBe(names.length)
    expect(listAttributeNames()).toEqual(CATALOGUE.map((row) => row.name))
  })

  it('resolves every row by its own name, its key filled in', () => {
    for (const row of CATALOGUE) {
      const name = row.name.replace(/<.*>/, 'app')
      expect(resolveAttribute(name)).toMatchObject({ row, name })
    }
  })

  it('names an agent by something, whatever attests it', () => {
    const origins = new Set(CATALOGUE.filter((row) => row.side === 'agent').map((row) => row.origin))
    const identified = new Set(CATALOGUE.filter((row) => row.identity === true).map((row) => row.origin))
    origins.delete('extension') // always beside another attestor
    expect(identified).toEqual(origins)
  })
})

describe('resolveAttribute()', () => {
  it.each([
    ['kubernetes.pod.label[app]', 'kubernetes.pod.label[app]', 'app'],
    ['kubernetes.pod.label.app', 'kubernetes.pod.label[app]', 'app'],
    ['kubernetes.pod.label.[app]', 'kubernetes.pod.label[app]', 'app'],
    ["kubernetes.pod.label.'app'", 'kubernetes.pod.label[app]', 'app'],
    ['kubernetes.pod.label.app.kubernetes.io/name', 'kubernetes.pod.label[app.kubernetes.io/name]', undefined],
    ["kubernetes.pod.label.'app.kubernetes.io/name'", 'kubernetes.pod.label[app.kubernetes.io/name]', undefined],
    ['kubernetes.pod.annotation.[example.com/team]', 'kubernetes.pod.annotation[example.com/team]', undefined],
    ['docker.container.env.APP_VERSION', 'docker.container.env[APP_VERSION]', 'APP_VERSION'],
    ['docker.container.label[a]b]', 'docker.container.label[a]b]', 'a]b'],
    ['aws_iid.ec2.instance.tag[Name]', 'aws_iid.ec2.instance.tag.Name', 'Name'],
    ['aws_iid.ec2.instance.tag.a.b', 'aws_iid.ec2.instance.tag.a.b', 'a.b'],
    ["jwt.claim.'https://example.com/roles'", 'jwt.claim.https://example.com/roles', undefined],
    ["custom.'[x]'", "custom.'[x]'", '[x]'],
    ['kubernetes.pod.container.app.image.id', 'kubernetes.pod.container.app.image.id', 'app'],
    ['kubernetes.pod.container[app].image.id', 'kubernetes.pod.container.app.image.id', 'app'],
    ["kubernetes.pod.container.'app'.image.id", 'kubernetes.pod.container.app.image.id', 'app'],
    ['spirl.realm', 'realm.name', undefined],
    ['azure_msi.tenant_id', 'azure_msi.tenant.id', undefined],
  ])('reads %s as %s', (text, name, key) => {
    const resolved = resolveAttribute(text)
    expect(resolved?.name).toBe(name)
    if (key !== undefined) expect(resolved?.key).toBe(key)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('takes the key %s as any other', (key) => {
    expect(resolveAttribute(`kubernetes.pod.label[${key}]`)).toMatchObject({ key })
    expect(resolveAttribute(`custom.${key}`)).toMatchObject({ key })
    expect(resolveAttribute(key)).toBeUndefined()
  })

  it.each([
    ['an empty name', ''],
    ['an unknown name', 'kubernetes.pod.phase'],
    ['a row without its key', 'kubernetes.pod.label'],
    ['an empty key in brackets', 'kubernetes.pod.label[]'],
    ['an empty bare key', 'kubernetes.pod.label.'],
    ['an empty quoted key', "kubernetes.pod.label.''"],
    ['an open bracket', 'kubernetes.pod.label[app'],
    ['a quote inside a Kubernetes key', "kubernetes.pod.label['app']"],
    ['a space inside a Kubernetes key', 'kubernetes.pod.label[a b]'],
    ['a control character in a key', 'custom.a\u0000b'],
    ['a lone surrogate in a key', 'custom.a\ud800'],
    ['a container name with a dot', 'kubernetes.pod.container.a.b.image.name'],
    ['another case', 'Kubernetes.pod.name'],
    ['a trailing space', 'kubernetes.pod.name '],
  ])('knows no attribute for %s', (_what, text) => {
    expect(resolveAttribute(text)).toBeUndefined()
  })

  it('reads names up to the limit and none beyond', () => {
    const longest = `custom.${'k'.repeat(ATTRIBUTE_NAME_MAX_LENGTH - 'custom.'.length)}`
    expect(resolveAttribute(longest)?.name).toBe(longest)
    expect(resolveAttribute(`${longest}k`)).toBeUndefined()
  })

  it('gives one canonical name, which reads back as itself', () => {
    const prefixes = ['custom', 'docker.container.label', 'kubernetes.pod.label', 'kubernetes.pod.container', 'x']
    const text = fc
      .tuple(fc.constantFrom(...prefixes), fc.string({ unit: fc.constantFrom(..."ab.[]'/-<>{} ") }))
      .map(([prefix, rest]) => prefix + rest)
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (name) => {
        const resolved = resolveAttribute(name)
        if (resolved !== undefined) expect(resolveAttribute(resolved.name)).toEqual(resolved)
      }),
    )
  })

  it('never gives two keys one name', () => {
    const key = fc.string({ unit: fc.constantFrom(..."ab.[]'"), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(key, key, fc.constantFrom('custom.<key>', 'docker.container.label[<key>]'), (a, b, documented) => {
        const [first, second] = [makeAttributeName(documented, a), makeAttributeName(documented, b)]
        if (first !== undefined && a !== b) expect(first).not.toBe(second)
      }),
    )
  })
})

describe('makeAttributeName()', () => {
  it('writes a key into a documented name', () => {
    expect(makeAttributeName('aws_iid.ec2.instance.tag.<tag>', 'Name')).toBe('aws_iid.ec2.instance.tag.Name')
    expect(makeAttributeName('kubernetes.pod.label[<key>]', 'app')).toBe('kubernetes.pod.label[app]')
  })

  it('has no name for a key that its row cannot have', () => {
    expect(makeAttributeName('kubernetes.pod.label[<key>]', 'a]b')).toBeUndefined()
    expect(makeAttributeName('custom.<key>', '')).toBeUndefined()
    expect(makeAttributeName('kubernetes.pod.name', 'x')).toBeUndefined()
  })
})

describe('findServerVersion()', () => {
  it.each([
    ['kubernetes.pod.label[app]', undefined],
    ['kubernetes.pod.label[app.io]', undefined],
    ['kubernetes.pod.label[app-name]', '0.28.0'],
    ['kubernetes.pod.annotation[example.com/x]', '0.28.0'],
    ['aws_iid.ec2.instance.tag.a-b', undefined],
    ['kubernetes.pod.name', undefined],
  ])('says what %s needs', (name, version) => {
    const resolved = resolveAttribute(name)
    expect(resolved && findServerVersion(resolved)).toBe(version)
  })
})

describe('suggestAttribute()', () => {
  it.each([
    ['kubernetes.pod.lable[app]', 'kubernetes.pod.label[app]'],
    ['kubernetes.pod.labels[app.kubernetes.io/name]', 'kubernetes.pod.label[app.kubernetes.io/name]'],
    ['kubernetes.pod.lable.app', 'kubernetes.pod.label[app]'],
    ['kubernetes.pod.namespce', 'kubernetes.pod.namespace'],
    ['kubernetes.pod.serviceaccount', 'kubernetes.pod.service_account'],
    ['kubernetes.pod.container.web.image.nam', 'kubernetes.pod.container.web.image.name'],
    ['aws_iid.ec2.instance.tags.Name', 'aws_iid.ec2.instance.tag.Name'],
    ['realm.nam', 'realm.name'],
    ['wholly.different', undefined],
  ])('answers %s with %s', (text, name) => {
    expect(suggestAttribute(text)).toBe(name)
  })
})
