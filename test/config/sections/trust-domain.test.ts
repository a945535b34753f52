import { describe, expect, it } from 'vitest'
import { changed, compile, found } from '../document.ts'

const valid = `section: TrustDomain
schema: v1
spec:
  sessionsNotBefore: 2026-01-31T12:00:00Z
  clusters:
    c-123:
      name: prod-eu
      pathPrefixes: [/prod/eu, /shared-eu]
    c-456:
      name: dev
      pathPrefixes:
        - /dev
  unlisted: refuse
`

describe('section TrustDomain', () => {
  it('compiles prefixes to whole segments', () => {
    const result = compile('TrustDomain', valid)
    expect(found(result)).toEqual([])
    if (!result.ok) throw new Error('does not compile')
    expect(result.value.sessionsNotBeforeSeconds).toBe(Date.UTC(2026, 0, 31, 12) / 1000)
    expect([...result.value.clusters]).toEqual([
      ['c-123', { name: 'prod-eu', pathPrefixes: ['/prod/eu/', '/shared-eu/'] }],
      ['c-456', { name: 'dev', pathPrefixes: ['/dev/'] }],
    ])
    expect(result.value.listedPrefixes).toEqual(['/dev/', '/prod/eu/', '/shared-eu/'])
    expect([...result.value.listedNames].sort()).toEqual(['c-123', 'c-456', 'dev', 'prod-eu'])
  })

  it.each([
    ['nothing at all', valid.slice(valid.indexOf('spec:')), 'spec: {}\n'],
    ['no clusters', valid.slice(valid.indexOf('  clusters')), '  clusters: {}\n'],
    ['an id in digits, quoted', 'c-456', '"456"'],
    ['an id as long as may be', 'c-456', 'c'.repeat(63)],
    ['a prefix that only looks like another', '/dev', '/prod/eu2'],
    ['a name with a space', 'name: dev', 'name: dev cluster'],
    ['its own id as a name', 'name: dev', 'name: c-456'],
    ['clusters that are not listed', 'unlisted: refuse', 'unlisted: warn'],
  ])('compiles %s', (_what, from, to) => {
    expect(found(compile('TrustDomain', changed(valid, from, to)))).toEqual([])
  })

  const prefix = 'spec.clusters.c-456.pathPrefixes'
  it.each<[string, string, string, readonly string[]]>([
    ['an id with a dot', 'c-456', 'c.456', ['9:5 name_invalid spec.clusters.c.456']],
    ['an id with a dash in front', 'c-456', '-c456', ['9:5 name_invalid spec.clusters.-c456']],
    ['an id that is too long', 'c-456', 'c'.repeat(64), [`9:5 name_invalid spec.clusters.${'c'.repeat(64)}`]],
    ['__proto__ as an id', 'c-456', '__proto__', ['9:5 name_invalid spec.clusters.__proto__']],
    ['a number as an id', 'c-456', '456', ['9:5 yaml_feature_forbidden spec.clusters.456']],
    ['an id twice', 'c-456', 'c-123', ['9:5 key_duplicate spec.clusters.c-123']],
    ['a name twice', 'name: dev', 'name: prod-eu', ['10:13 name_duplicate spec.clusters.c-456.name']],
    ['no name', '      name: dev\n', '', ['9:5 field_missing spec.clusters.c-456.name']],
    ['no prefixes', '      pathPrefixes:\n        - /dev\n', '', [`9:5 field_missing ${prefix}`]],
    ['an empty list of prefixes', 'pathPrefixes:\n        - /dev', 'pathPrefixes: []', [`11:21 value_empty ${prefix}`]],
    ['a prefix without a slash', '/dev', 'dev', [`12:11 path_invalid ${prefix}.0`]],
    ['everything as a prefix', '/dev', '/', [`12:11 path_invalid ${prefix}.0`]],
    ['a slash at the end', '/dev', '/dev/', [`12:16 path_invalid ${prefix}.0`]],
    ['an empty segment', '/dev', '/dev//x', [`12:16 path_invalid ${prefix}.0`]],
    ['a segment of dots', '/dev', '/dev/..', [`12:16 path_invalid ${prefix}.0`]],
    ['a character that no path has', '/dev', '/dev/a b', [`12:17 path_invalid ${prefix}.0`]],
    ['a wildcard', '/dev', '/dev/*', [`12:16 path_invalid ${prefix}.0`]],
    ['a template', '/dev', '"/{{cluster.name}}"', [`12:13 path_invalid ${prefix}.0`]],
    ['a reserved path', '/dev', '/spire/dev', [`12:11 path_reserved ${prefix}.0`]],
    ['the path of the gateway', '/dev', '/postern', [`12:11 path_reserved ${prefix}.0`]],
    [
      'a text for the prefixes',
      'pathPrefixes:\n        - /dev',
      'pathPrefixes: /dev',
      [`11:21 type_mismatch ${prefix}`],
    ],
    [
      'a field more',
      'name: dev',
      'name: dev\n      platform: k8s',
      ['11:7 field_unknown spec.clusters.c-456.platform'],
    ],
    ['another word for unlisted', 'unlisted: refuse', 'unlisted: allow', ['13:13 value_invalid spec.unlisted']],
    ['a boolean for unlisted', 'unlisted: refuse', 'unlisted: true', ['13:13 text_unquoted spec.unlisted']],
    ['a time that is none', '2026-01-31T12:00:00Z', 'today', ['4:22 value_invalid spec.sessionsNotBefore']],
    [
      'a list of clusters',
      valid.slice(valid.indexOf('    c-123')),
      '    - c-123\n',
      ['5:3 type_mismatch spec.clusters'],
    ],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('TrustDomain', changed(valid, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it.each<[string, string, readonly string[]]>([
    ['the same prefix', '/prod/eu', [`12:11 trust_overlapping ${prefix}.0`]],
    ['a prefix below', '/prod/eu/dev', [`12:11 trust_overlapping ${prefix}.0`]],
    ['a prefix above', '/prod', ['8:22 trust_overlapping spec.clusters.c-123.pathPrefixes.0']],
    ['a prefix that merely begins alike', '/prod/eu-dev', []],
  ])('warns of clusters that may use one path: %s', (_what, to, expected) => {
    const result = compile('TrustDomain', changed(valid, '/dev', to))
    expect(result.ok).toBe(true)
    expect(found(result)).toEqual(expected)
  })

  it('finds the overlap behind a prefix of the same cluster, and counts a prefix that it lists twice as one', () => {
    const many = changed(valid, '[/prod/eu, /shared-eu]', '[/a, /a/b/c, /a/b/c]')
    const result = compile('TrustDomain', changed(many, '- /dev', '- /a/b\n        - /a/b/c/d'))
    expect(found(result)).toEqual([
      '8:26 trust_overlapping spec.clusters.c-123.pathPrefixes.1',
      '8:34 trust_overlapping spec.clusters.c-123.pathPrefixes.2',
      '12:11 trust_overlapping spec.clusters.c-456.pathPrefixes.0',
      '13:11 trust_overlapping spec.clusters.c-456.pathPrefixes.1',
    ])
  })

  it.each<[string, string, string, readonly string[]]>([
    ['the name of another in other case', 'name: dev', 'name: Prod-EU', ['10:13 trust_overlapping']],
    ['the id of another', 'name: dev', 'name: c-123', ['10:13 trust_overlapping']],
    ['the id of another in other case', 'name: dev', 'name: C-123', ['10:13 trust_overlapping']],
  ])('warns of a name that can be taken for another cluster: %s', (_what, from, to, expected) => {
    const result = compile('TrustDomain', changed(valid, from, to))
    expect(result.ok).toBe(true)
    expect(found(result)).toEqual(expected.map((issue) => `${issue} spec.clusters.c-456.name`))
  })

  it.each<[string, string, readonly string[], string]>([
    [
      'lists clusters and does not say',
      valid.replace('  unlisted: refuse\n', ''),
      ['5:3 unlisted_unset spec.clusters'],
      'refuse',
    ],
    ['refuses', valid, [], 'refuse'],
    ['warns', changed(valid, 'unlisted: refuse', 'unlisted: warn'), [], 'warn'],
    ['lists nothing', changed(valid, valid.slice(valid.indexOf('  clusters')), '  clusters: {}\n'), [], 'warn'],
    [
      'lists nothing and refuses',
      changed(valid, valid.slice(valid.indexOf('  clusters')), '  unlisted: refuse\n'),
      [],
      'refuse',
    ],
  ])('knows what becomes of clusters that are not listed where it %s', (_what, text, expected, unlisted) => {
    const result = compile('TrustDomain', text)
    expect(found(result)).toEqual(expected)
    expect(result.ok && result.value.unlisted).toBe(unlisted)
  })
})
