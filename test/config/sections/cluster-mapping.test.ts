import { describe, expect, it } from 'vitest'
import { parseClusterId } from '../../../src/config/document-key.ts'
import { findMappingIssues, resolveClusterMapping } from '../../../src/config/sections/cluster-mapping.ts'
import { compile } from '../document.ts'

const clusters = { 'c-9': { name: 'prod', pathPrefixes: ['/prod'] } }

function standing(id: string, name: string | undefined, spec: object | undefined) {
  const clusterId = parseClusterId(id)
  if (clusterId === undefined) throw new Error(`${id} is not an id`)
  const own = name === undefined ? {} : { name }
  if (spec === undefined) return resolveClusterMapping(clusterId, own, undefined)
  const result = compile('TrustDomain', JSON.stringify({ section: 'TrustDomain', schema: 'v1', spec }))
  if (!result.ok) throw new Error('the document does not compile')
  return resolveClusterMapping(clusterId, own, result.value)
}

describe('the standing of a cluster in its trust domain', () => {
  it.each<[string, string, string | undefined, object | undefined, string, string | undefined]>([
    ['without TrustDomain', 'c-1', 'one', undefined, 'one', undefined],
    // Its status says that nothing is kept from it, and not that the prefixes of others are.
    ['with nothing listed', 'c-1', 'one', {}, 'one', undefined],
    ['without a name', 'c-1', undefined, {}, 'c-1', undefined],
    ['listed', 'c-9', 'other', { clusters }, 'prod', 'inside'],
    ['not listed', 'c-1', 'one', { clusters, unlisted: 'warn' }, 'one', 'outside'],
  ])('%s', (_what, id, own, spec, name, side) => {
    const found = standing(id, own, spec)
    expect(found).toMatchObject({ kind: 'mapped', name, isListed: id === 'c-9' })
    expect(found.kind === 'mapped' ? found.bounds?.side : 'refused').toBe(side)
    expect(findMappingIssues(found).map(({ code }) => code)).toEqual(id === 'c-9' ? [] : ['cluster_unlisted'])
  })
})
