// On every host, a setting that would fail every login, or is missing, stops the start and is named.
import { describe, expect, it } from 'vitest'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'
import { startHost } from './hosts.ts'

async function mismatchedKeys(): Promise<string> {
  const [first, second] = [await makeSessionSigningKeys(), await makeSessionSigningKeys()].map(
    (text) => JSON.parse(text).keys[0] as Record<string, unknown>,
  )
  return JSON.stringify({ keys: [{ ...first, d: second?.['d'] }] })
}

/** What it printed instead of starting. */
async function failedStart(name: 'workerd' | 'node' | 'deno', change: Record<string, string | undefined>) {
  return startHost(name, {}, { change }).then(
    async (host) => {
      await host.stop()
      return 'it started'
    },
    (error: unknown) => String(error),
  )
}

describe.each(['workerd', 'node', 'deno'] as const)('%s does not start', (name) => {
  it('with a private key that does not match its public key', async () => {
    expect(await failedStart(name, { SESSION_SIGNING_KEYS: await mismatchedKeys() })).toMatch(
      /ended with code [12]\n[\s\S]*SESSION_SIGNING_KEYS: key 0/,
    )
  })

  it('without an issuer URL, which has no default', async () => {
    expect(await failedStart(name, { ISSUER_URL: undefined })).toMatch(/ended with code [12]\n[\s\S]*ISSUER_URL: /)
  })
})
