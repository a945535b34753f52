import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sectionNames } from '../../src/config/sections.ts'
import { createWorld, type World } from './fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

describe('GET /openapi.json', () => {
  it('describes the routes that there are, and no others', async () => {
    const { body } = await world.get('/openapi.json')
    const described = Object.entries(body['paths'] as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const routes = world.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect([...new Set(described)].sort()).toEqual([...new Set(routes)].sort())
  })

  it('refers only to schemas that it has', async () => {
    const { text, body } = await world.get('/openapi.json')
    const { schemas } = body['components'] as { schemas: object }
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(Object.keys(schemas)).toContain(name)
  })
})

describe('GET /schemas/<Section>.json', () => {
  it.each([...sectionNames()])('serves the one of %s that is shipped', async (name) => {
    const answer = await world.get(`/schemas/${name}.json`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual(JSON.parse(readFileSync(`schemas/${name}.json`, 'utf8')))
  })

  it.each(['constructor.json', 'Nothing.json', 'Cluster', '..%2Fpackage.json'])('has no %s', async (file) => {
    expect(await world.get(`/schemas/${file}`)).toMatchObject({ status: 404, body: { code: 'route_unknown' } })
  })
})
