// The Worker, with bindings and a clock that a soak can break: everything else is what is deployed.

import { env } from 'cloudflare:workers'
import type { KvBinding } from '../../src/runtime/kv-source.ts'
import type { ReplayBinding } from '../../src/runtime/replay/durable-replay.ts'
import { createWorkerGateway } from '../../src/runtime/worker-gateway.ts'
import { control } from './stepped-clock-worker.ts'

// biome-ignore lint/performance/noBarrelFile: the platform takes the class from the main module
export { ReplayShard } from '../../src/runtime/replay/replay-shard.ts'

const { POLICIES, REPLAY } = env as unknown as { readonly POLICIES: KvBinding; readonly REPLAY: ReplayBinding }
const SLOW_MILLIS = 4_000
const encoder = new TextEncoder()

const policies: KvBinding = {
  async get(key, options) {
    if (control.store === 'throws') throw new Error('KV GET failed: 500 Internal Server Error')
    if (control.store === 'slow') await new Promise((later) => setTimeout(later, SLOW_MILLIS))
    const old = control.old[key]
    return old === undefined ? POLICIES.get(key, options) : new Uint8Array(encoder.encode(old)).buffer
  },
  put: (key, value) => POLICIES.put(key, value),
  delete: (key) => POLICIES.delete(key),
  list: (options) => POLICIES.list(options),
}

const replay: ReplayBinding = {
  getByName(name) {
    return {
      async claim(key, forSeconds) {
        if (control.replay === 'throws') throw new Error('Durable Object is overloaded')
        if (control.replay === 'hangs') await new Promise(() => undefined)
        return REPLAY.getByName(name).claim(key, forSeconds)
      },
    }
  },
}

const { app, tellStarted } = await createWorkerGateway({ ...env, POLICIES: policies, REPLAY: replay })

export default {
  async fetch(request: Request, bindings: unknown, context: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname === '/soak-control') {
      const { put, ...change } = (await request.json()) as Partial<typeof control> & {
        readonly put?: { readonly key: string; readonly text: string }
      }
      Object.assign(control, change)
      if (put !== undefined) await POLICIES.put(put.key, encoder.encode(put.text))
      return new Response()
    }
    tellStarted()
    return app.fetch(request, bindings as object, context)
  },
}
