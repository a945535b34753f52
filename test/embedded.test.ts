// The pages show the examples as they are, and examples/embedded.ts works; package/installed.test.ts runs the others.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createApp } from '../examples/embedded.ts'
import { makeSessionSigningKeys } from '../src/token/session/make-session-keys.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-embedded-'))
afterAll(() => rmSync(directory, { recursive: true }))

const ISSUER_URL = 'https://app.example.org/login'
const records: unknown[] = []

async function start() {
  const environment = { TRUST_DOMAIN: 'example.org', ISSUER_URL, SESSION_SIGNING_KEYS: await makeSessionSigningKeys() }
  return createApp(environment, directory, (record) => records.push(record) > 0)
}

describe('the embedded gateway', () => {
  it.each([
    ['docs/embed.md', 'examples/embedded.ts'],
    ['docs/embed.md', 'examples/on-node/app.ts'],
    ['docs/embed.md', 'examples/on-deno/app.ts'],
    ['docs/embed.md', 'examples/on-workers/app.ts'],
    ['docs/embed.md', 'examples/on-workers/caller.ts'],
    ['docs/start.md', 'examples/on-node/app.ts'],
  ])('is shown by %s as %s has it', (page, example) => {
    const [, ...code] = readFileSync(example, 'utf8').split('\n')
    expect(readFileSync(page, 'utf8')).toContain(`\`\`\`ts\n${code.join('\n')}\`\`\``)
  })

  it('lies under its prefix, beside the routes of the larger app', async () => {
    const app = await start()
    expect(await (await app.request('/')).text()).toBe('the larger app')
    const discovery = await (await app.request('/login/.well-known/openid-configuration')).json()
    expect(discovery).toMatchObject({ issuer: ISSUER_URL, jwks_uri: `${ISSUER_URL}/.well-known/jwks.json` })
  })

  it('hands its records to the larger app', async () => {
    const app = await start()
    const answer = await app.request('/login/v1/clusters/c-1/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] }),
    })
    expect(answer.status).toBe(404)
    expect(records).toContainEqual(expect.objectContaining({ event: 'login', code: 'cluster_unknown' }))
  })
})
