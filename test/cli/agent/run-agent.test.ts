// The daemon in a time of the test: when it logs in again, what it waits for, and what it says.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AgentState, runAgent } from '../../../src/cli/agent/run-agent.ts'
import { createClient } from '../../../src/client/client.ts'
import type { ClientFetch } from '../../../src/client/transport.ts'
import { AGENT_BACKOFF_MAX_MILLIS, AGENT_EVIDENCE_POLL_MILLIS } from '../../../src/core/limits.ts'
import { CLIENT, KEYS, openX509Hosts } from '../../attest/x509-pop/x509-hosts.ts'
import { OPENSSL } from '../../installed.ts'

type Step =
  | { readonly admit: number }
  | { readonly status: number; readonly code: string; readonly retryAfter?: number }
  | 'down'

interface Ran {
  /** Seconds at which it asked the gateway. */
  readonly logins: readonly number[]
  /** Seconds at which it asked for a challenge. */
  readonly challenges: readonly number[]
  readonly written: readonly string[]
  readonly said: readonly string[]
  readonly states: readonly AgentState[]
}

interface RunOptions {
  readonly rotateAt?: number
  readonly canWrite?: boolean
  readonly random?: number
  /** Files of a certificate and its key: evidence of `x509_pop` is sent beside the token. */
  readonly holder?: { readonly certFile: string; readonly keyFile: string }
}

/** Runs the steps, one for each login, and ends at the login after the last. */
async function run(
  steps: readonly Step[],
  { rotateAt, canWrite = true, random = 0.5, holder }: RunOptions = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-agent-'))
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'token-1')
  let now = 0
  const [logins, written, said, states]: [number[], string[], string[], AgentState[]] = [[], [], [], []]
  const ending = new AbortController()
  const challenges: number[] = []
  const fetch: ClientFetch = async (url, { body }) => {
    if (url.endsWith('/challenge')) {
      challenges.push(now / 1000)
      return url.includes('/clusters/c-1/')
        ? Response.json({ challenge: 'sealed', once: true })
        : Response.json({}, { status: 404 })
    }
    logins.push(now / 1000)
    const step = steps[logins.length - 1]
    if (step === undefined) {
      ending.abort('done')
      throw new TypeError('ended')
    }
    if (step === 'down') throw new TypeError('fetch failed')
    const { evidence } = JSON.parse(String(body)).attestations[0]
    if ('admit' in step)
      return Response.json({
        session: {
          token: `session for ${evidence.token}`,
          tokenType: 'Bearer',
          expiresAt: new Date(now + step.admit * 1000).toISOString(),
        },
        policy: 'p',
        attributes: [],
        configuration: {},
      })
    const { status, code, retryAfter } = step
    const problem = {
      type: 'x',
      title: 'x',
      status,
      code: 'login_refused',
      detail: 'no',
      requestId: 'r-1',
      refusals: [{ type: 'k8s_token', code, reason: 'x', detail: 'why' }],
    }
    return Response.json(problem, {
      status,
      headers: retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) },
    })
  }
  await runAgent(
    { clusterId: 'c-1', types: holder === undefined ? ['k8s_token'] : ['k8s_token', 'x509_pop'] },
    {
      client: createClient({ url: 'https://login.example.org', fetch }),
      context: {
        options: {
          tokenFile,
          jwtFile: undefined,
          audience: '',
          sshKey: '',
          trustDomain: undefined,
          certFile: holder?.certFile,
          keyFile: holder?.keyFile,
          proofCommand: undefined,
          tpmEk: undefined,
          tpmAk: undefined,
          tpmActivate: undefined,
          tpmCertFile: undefined,
          httpDnsHostname: undefined,
          httpDnsPort: undefined,
        },
        environment: {},
        metadata: { linkLocal: '', google: '' },
        fetch: globalThis.fetch,
      },
      clock: () => now,
      async sleep(millis) {
        now += millis
        if (rotateAt !== undefined && now >= rotateAt * 1000) writeFileSync(tokenFile, 'token-2')
      },
      random: () => random,
      say: (line) => said.push(line),
      async write(token) {
        if (!canWrite) throw new Error('read-only file system')
        written.push(token)
      },
      noteState: (state) => states.push(state),
      ending: ending.signal,
    },
  )
  rmSync(folder, { recursive: true })
  return { logins, challenges, written, said, states }
}

describe('the daemon', () => {
  it.each([
    [0.5, 400],
    [0, 360],
    [1, 440],
  ])('renews at two thirds of the life of a session, with jitter %s', async (random, seconds) => {
    const { logins, written, said } = await run([{ admit: 600 }, { admit: 600 }], { random })
    expect(logins).toEqual([0, seconds, 2 * seconds])
    expect(written).toEqual(['session for token-1', 'session for token-1'])
    expect(said[0]).toMatch(/^admitted by the policy p: the session is good until 1970-01-01T00:10:00/)
  })

  it('reads the token anew at each login', async () => {
    const { written } = await run([{ admit: 600 }, { admit: 600 }], { rotateAt: 100 })
    expect(written).toEqual(['session for token-1', 'session for token-2'])
  })

  it('backs off while it is refused or nobody answers, up to a bound', async () => {
    const { logins } = await run(
      Array.from(
        { length: 12 },
        (_, n): Step => (n % 2 === 0 ? 'down' : { status: 403, code: 'namespace_not_allowed' }),
      ),
    )
    const waits = logins.slice(1).map((at, index) => at - (logins[index] ?? 0))
    expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 16])
    expect(waits.at(-1)).toBe(AGENT_BACKOFF_MAX_MILLIS / 1000)
  })

  it.each([
    [0, 30],
    [1, 33],
  ])('waits at least as long as the gateway says, with jitter %s', async (random, seconds) => {
    const steps: Step[] = [{ status: 503, code: 'signing_key_fetch_failed', retryAfter: 30 }, { admit: 600 }]
    const { logins } = await run(steps, { random })
    expect(logins.slice(0, 2)).toEqual([0, seconds])
  })

  it('begins anew with its waits once it is admitted', async () => {
    const { logins } = await run(['down', 'down', { admit: 3 }, 'down'])
    expect(logins).toEqual([0, 1, 3, 5, 6])
  })

  it('waits for new evidence when the old one was used, and sends nothing before', async () => {
    const { logins, written, said } = await run([{ status: 403, code: 'evidence_replayed' }, { admit: 600 }], {
      rotateAt: 61,
    })
    expect(logins[1]).toBeGreaterThanOrEqual(61)
    expect(logins[1]).toBeLessThanOrEqual(61 + AGENT_EVIDENCE_POLL_MILLIS / 1000)
    expect(written).toEqual(['session for token-2'])
    expect(said).toContain('waiting for new evidence: this one was used before, and is accepted once')
  })

  it.skipIf(!OPENSSL)(
    'looks for new evidence without asking for challenges, where some of it answers one',
    async () => {
      const hosts = openX509Hosts()
      try {
        hosts.make('ES256', { key: KEYS['ES256'] ?? [], extensions: CLIENT })
        const holder = {
          certFile: join(hosts.tool.folder, 'ES256.crt'),
          keyFile: join(hosts.tool.folder, 'ES256.key'),
        }
        const steps: Step[] = [{ status: 403, code: 'evidence_replayed' }, { admit: 600 }]
        const { logins, challenges, written } = await run(steps, { rotateAt: 61, holder })
        expect(logins[1]).toBeGreaterThanOrEqual(61)
        expect(challenges).toEqual(logins)
        expect(written).toEqual(['session for token-2'])
      } finally {
        hosts.tool.remove()
      }
    },
  )

  it('says why, and where the rest stands; its state follows', async () => {
    const { said, states } = await run([{ admit: 3 }, { status: 403, code: 'namespace_not_allowed' }])
    expect(said[1]).toMatch(
      /^403 login_refused: no \(requestId r-1\); k8s_token: namespace_not_allowed: why\. .* audit record of r-1$/,
    )
    expect(states.slice(0, 2)).toEqual([
      { expiresAtMillis: 3000, failure: undefined },
      { expiresAtMillis: 3000, failure: said[1] },
    ])
  })

  it('says that a session cannot be written, and tries again', async () => {
    const { said, states, logins } = await run([{ admit: 600 }], { canWrite: false })
    expect(said[0]).toMatch(/the session cannot be written: read-only file system/)
    expect(states[0]).toMatchObject({ expiresAtMillis: undefined, failure: said[0] })
    expect(logins).toEqual([0, 1])
  })
})
