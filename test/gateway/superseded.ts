// What must not come back: a policy that was superseded, and one that was deleted. One list, run on Node and in workerd.
import { expect, it } from 'vitest'
import type { StateStore } from '../../src/config/source.ts'
import { APPLIED_TRUST_MAX_MILLIS, CONFIG_REVALIDATE_MILLIS } from '../../src/core/limits.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import type { Settings } from '../../src/gateway/settings.ts'

export interface SupersededHost {
  readonly settings: Settings
  readonly module: WebAssembly.Module
  readonly store: StateStore
  /** A token of the service account `spirl-system:stranger`, at this time. */
  readonly token: (nowMillis: number) => Promise<string>
  /** A document that admits any account of the issuer, or with a pin. */
  readonly document: (pin?: string) => string
  readonly delete: (key: string) => Promise<void>
}

const KEY = 'clusters/c-41/AgentAttestation'
const DUE = CONFIG_REVALIDATE_MILLIS + 1

export function keepsSupersededOut(host: string, make: () => Promise<SupersededHost>): void {
  async function world() {
    const { settings, module, store, token, document, ...rest } = await make()
    await rest.delete(KEY)
    await rest.delete(`applied/${KEY}`)
    let ahead = 0
    const clock = (): number => Date.now() + ahead
    const isolate = () => {
      const app = createGateway({
        settings,
        source: store,
        state: store,
        module,
        fetch: (url, init) => fetch(url, init),
        clock,
        sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
        audit: () => true,
      })
      return async function login(): Promise<number> {
        const body = { attestations: [{ type: 'k8s_token', evidence: { token: await token(clock()) } }] }
        const answer = await app.request('/v1/clusters/c-41/login', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        })
        await answer.text()
        return answer.status
      }
    }
    return {
      isolate,
      put: (text: string) => store.write(KEY, new Uint8Array(new TextEncoder().encode(text))),
      open: document(),
      pinned: document('serviceAccountName: another'),
      spoilt: document('isuerURL: typo'),
      remove: () => rest.delete(KEY),
      pass(millis: number) {
        ahead += millis
      },
    }
  }

  it.each([
    ['pinned', 403],
    ['no policies at all', 403],
  ])(
    `a policy that was superseded by ${'%s'} does not admit when a typing error follows, on ${host}`,
    async (what, refused) => {
      const { isolate, put, open, pinned, spoilt, pass } = await world()
      const warm = isolate()
      await put(open)
      expect(await warm()).toBe(200)
      pass(1000)
      await put(what === 'pinned' ? pinned : 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }\n')
      // Another isolate, which never saw the open one, reads the new one first.
      expect(await isolate()()).toBe(refused)
      await put(spoilt)
      pass(DUE)
      expect(await isolate()()).toBe(503)
      expect(await warm()).toBe(503)
      await put(pinned)
      pass(DUE)
      expect(await warm()).toBe(403)
      expect(await isolate()()).toBe(403)
    },
  )

  it(`a policy whose deletion was seen does not admit when a bad document follows, on ${host}`, async () => {
    const { isolate, put, open, spoilt, remove, pass } = await world()
    const warm = isolate()
    await put(open)
    expect(await warm()).toBe(200)
    await remove()
    pass(DUE)
    expect(await isolate()()).toBe(404)
    await put(spoilt)
    pass(DUE)
    expect(await isolate()()).toBe(503)
    expect(await warm()).toBe(503)
  })

  it(`a policy whose deletion nobody saw does not admit a week later, on ${host}`, async () => {
    const { isolate, put, open, spoilt, remove, pass } = await world()
    await put(open)
    expect(await isolate()()).toBe(200)
    await remove()
    pass(APPLIED_TRUST_MAX_MILLIS + 60_000)
    await put(spoilt)
    expect(await isolate()()).toBe(503)
  })

  it(`a policy that was in force for long outlives a bad document, on ${host}`, async () => {
    const { isolate, put, open, spoilt, pass } = await world()
    const warm = isolate()
    await put(open)
    expect(await warm()).toBe(200)
    for (let day = 0; day < 30; day++) {
      pass(24 * 3_600_000)
      expect(await warm()).toBe(200)
    }
    await put(spoilt)
    pass(DUE)
    expect(await warm()).toBe(200)
    expect(await isolate()()).toBe(200)
  })
}
