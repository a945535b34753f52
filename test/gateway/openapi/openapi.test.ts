import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listSectionNames } from '../../../src/config/sections/table.ts'
import { describeInterface } from '../../../src/gateway/openapi/openapi.ts'
import { OPERATIONS } from '../../../src/gateway/openapi/operations.ts'
import { unpackSchemas } from '../../../src/gateway/openapi/packed-schemas.ts'
import { findUndescribed, type OpenApi } from '../../openapi-answer.ts'
import { createWorld, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const DESCRIPTION = describeInterface('https://login.example.org', (await unpackSchemas()).interface)

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

  it('refers only to what it has', async () => {
    const { text, body } = await world.get('/openapi.json')
    const components = body['components'] as Record<string, object>
    const references = Array.from(text.matchAll(/#\/components\/(\w+)\/([\w-]+)/g))
    expect(references.length).toBeGreaterThan(20)
    for (const [, kind = '', name = ''] of references) expect(Object.keys(components[kind] ?? {})).toContain(name)
  })

  it('has an operationId for each operation, and each once', () => {
    const ids = OPERATIONS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/)
  })
})

describe('redocly lint, by its recommended rules', () => {
  it('finds nothing', () => {
    expect(lint(DESCRIPTION)).toEqual([])
  })

  it.each([
    ['an operation without an operationId', 'operation-operationId', 'operationId'],
    ['an operation without security', 'security-defined', 'security'],
  ])('finds %s', (_what, rule, member) => {
    const { paths, ...rest } = DESCRIPTION as unknown as OpenApi
    const [[path, methods] = ['', {}], ...others] = Object.entries(paths)
    const [[method, operation] = ['', {}]] = Object.entries(methods)
    const changed = Object.fromEntries(Object.entries(operation).filter(([name]) => name !== member))
    const found = lint({ ...rest, paths: { ...Object.fromEntries(others), [path]: { [method]: changed } } })
    expect(found.some((problem) => problem.includes(rule))).toBe(true)
  })
})

/** One line for each finding; errors and warnings alike. */
function lint(description: unknown): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'postern-lint-'))
  const file = join(folder, 'openapi.json')
  writeFileSync(file, JSON.stringify(description))
  try {
    // A fresh folder has no configuration. Nothing is to be sent or looked up.
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: '1' }
    const args = [
      join(process.cwd(), 'node_modules', '@redocly', 'cli', 'bin', 'cli.js'),
      'lint',
      '--format=json',
      file,
    ]
    const { problems } = JSON.parse(runToEnd(args, { cwd: folder, env })) as {
      problems: readonly { ruleId: string; message: string }[]
    }
    return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Standard output of a program of Node, whatever its status. */
function runToEnd(args: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): string {
  try {
    return execFileSync(process.execPath, args, { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

// The fixture holds every answer of every test of the gateway against the description by the same function.
describe('an answer that is not described', () => {
  const api = DESCRIPTION as unknown as OpenApi
  const path = '/v1/clusters/c-1/login'
  const problem = {
    type: 'urn:postern:cluster_unknown',
    title: 'The cluster is unknown',
    status: 404,
    code: 'cluster_unknown',
    detail: 'no',
    requestId: '01a20d1e-ae2b-7000-8000-000000000000',
  }
  const found = (
    body: unknown,
    { status = 404, type = 'application/problem+json', more = {} as Record<string, string>, to = path } = {},
  ): number =>
    findUndescribed(
      api,
      { method: 'POST', path: to },
      {
        status,
        headers: new Headers({ 'Content-Type': type, 'X-Request-Id': 'r', ...more }),
        text: JSON.stringify(body),
      },
    ).length

  it('is not the baseline', () => expect(found(problem)).toBe(0))

  it.each([
    ['another status', () => found(problem, { status: 410 })],
    ['a status that is not the one of the body', () => found({ ...problem, status: 400 })],
    ['a code that the operation does not refuse by', () => found({ ...problem, code: 'session_missing' })],
    ['a code that there is not', () => found({ ...problem, code: 'cluster_gone' })],
    ['a member more', () => found({ ...problem, secret: 'x' })],
    ['a member less', () => found({ ...problem, requestId: undefined })],
    ['a member of another type', () => found({ ...problem, detail: 1 })],
    ['a member of another format', () => found({ ...problem, requestId: 'x' })],
    [
      'an item with a member more',
      () => found({ ...problem, refusals: [{ type: 't', code: 'c', reason: 'r', detail: 'd', more: 1 }] }),
    ],
    ['another content type', () => found(problem, { type: 'application/json' })],
    ['a header that is not described', () => found(problem, { more: { 'Retry-After': '1' } })],
    ['a route that is not described', () => found(problem, { to: '/v1/nothing' })],
  ])('is found by %s', (_what, problems) => expect(problems()).toBeGreaterThan(0))

  it('is found by a header that is missing', () => {
    const answered = { status: 304, headers: new Headers({ 'X-Request-Id': 'r' }), text: '' }
    expect(findUndescribed(api, { method: 'GET', path: '/openapi.json' }, answered)).toHaveLength(1)
  })
})

describe('GET /schemas/<Section>.json', () => {
  it.each([...listSectionNames()])('serves the one of %s that is shipped', async (name) => {
    const answer = await world.get(`/schemas/${name}.json`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual(JSON.parse(readFileSync(`schemas/${name}.json`, 'utf8')))
  })

  it.each(['constructor.json', 'Nothing.json', 'Cluster', '..%2Fpackage.json'])('has no %s', async (file) => {
    expect(await world.get(`/schemas/${file}`)).toMatchObject({ status: 404, body: { code: 'route_unknown' } })
  })
})
