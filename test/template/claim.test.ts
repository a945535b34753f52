import { describe, expect, it } from 'vitest'
import { ATTRIBUTE_VALUE_MAX_BYTES, CLAIM_VALUE_MAX_BYTES } from '../../src/core/limits.ts'
import { issuesOf, outcome, render } from './rendering.ts'

const groups = 'aws_iid.ec2.security_group.name'

describe('a claim template', () => {
  it('refers to an attribute at least', () => {
    expect(issuesOf('static', 'jwtClaim')).toEqual(['template_static'])
    expect(issuesOf('', 'jwtClaim')).toEqual(['template_static'])
    expect(issuesOf('static-{{cluster.name}}', 'jwtClaim')).toEqual([])
  })
})

describe('renderClaim()', () => {
  it('keeps a list where one reference stands alone, each value filtered', () => {
    expect(outcome('jwtClaim', `{{${groups}}}`, { [groups]: ['Web', 'Db'] })).toEqual(['Web', 'Db'])
    expect(outcome('jwtClaim', `{{ ${groups} | lower }}`, { [groups]: ['Web'] })).toEqual(['web'])
    expect(outcome('jwtClaim', `{{${groups}}}`, { [groups]: [] })).toEqual([])
  })

  it('takes one value where text stands beside the reference', () => {
    expect(outcome('jwtClaim', `g:{{${groups}}}`, { [groups]: ['web'] })).toBe('g:web')
    expect(outcome('jwtClaim', `g:{{${groups}}}`, { [groups]: ['web', 'db'] })).toBe('attribute_invalid')
    expect(outcome('jwtClaim', ` {{${groups}}}`, { [groups]: ['web', 'db'] })).toBe('attribute_invalid')
  })

  it('renders a count as text', () => {
    expect(outcome('jwtClaim', '{{kubernetes.pod.image_count}}', { 'kubernetes.pod.image_count': 3 })).toBe('3')
    const rendered = outcome('jwtClaim', '{{kubernetes.pod.image_count}}', { 'kubernetes.pod.image_count': 1.5 })
    expect(rendered).toBe('attribute_invalid')
  })

  it.each(['{{cluster.name}}', 'a/../b', 'x,O=admin', '\u0000', '', 'ſub', '😀'])('keeps %j as it is', (value) => {
    expect(outcome('jwtClaim', 'a {{jwt.claim.x}} b', { 'jwt.claim.x': value })).toBe(`a ${value} b`)
  })

  it('refuses text that is not well-formed', () => {
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': '\udc00' })).toBe('attribute_invalid')
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': ['a', '\ud800'] })).toBe('attribute_invalid')
  })

  it('holds a claim to its bytes', () => {
    const longest = 'ä'.repeat(CLAIM_VALUE_MAX_BYTES / 2)
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': longest })).toBe(longest)
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': `${longest}a` })).toBe('value_too_long')
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': [longest] })).toEqual([longest])
    expect(outcome('jwtClaim', '{{jwt.claim.x}}', { 'jwt.claim.x': [longest, 'a'] })).toBe('value_too_long')
  })

  it('names the attribute that is too long', () => {
    const values = { 'jwt.claim.x': 'a'.repeat(CLAIM_VALUE_MAX_BYTES - 1), 'jwt.claim.y': 'bb' }
    const rendered = render('jwtClaim', '{{jwt.claim.x}}{{jwt.claim.y}}', values)
    expect(rendered).toMatchObject({ ok: false, refusal: { code: 'value_too_long', where: 'jwt.claim.x' } })
  })

  it('holds an attribute to its bytes', () => {
    const replaced = '{{jwt.claim.x | replace("ab", "")}}'
    const longest = 'ab'.repeat(ATTRIBUTE_VALUE_MAX_BYTES / 2)
    expect(outcome('jwtClaim', replaced, { 'jwt.claim.x': longest })).toBe('')
    expect(outcome('jwtClaim', replaced, { 'jwt.claim.x': `${longest}a` })).toBe('value_too_long')
    expect(outcome('jwtClaim', replaced, { 'jwt.claim.x': `ä${longest.slice(1)}` })).toBe('value_too_long')
  })

  it('takes names of every kind from a Map', () => {
    expect(outcome('jwtClaim', '{{jwt.claim.__proto__}}', {})).toBe('attribute_missing')
    expect(outcome('jwtClaim', '{{jwt.claim.constructor}}', { 'jwt.claim.constructor': 'x' })).toBe('x')
  })

  it('names what is missing', () => {
    const rendered = render('jwtClaim', '{{kubernetes.pod.label.app}}', {})
    expect(rendered).toMatchObject({ ok: false, refusal: { where: 'kubernetes.pod.label[app]' } })
  })
})
