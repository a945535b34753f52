// Takes turns inside workerd. Its clock may stand still while code runs, so who asks measures the time.
import { env } from 'cloudflare:workers'
import module from '../../../wasm/policy-vm.wasm'
import { createLogins, readTurn, takeTurn } from './in-process-contenders.ts'
import type { LoginWork } from './work.ts'

const { WORK } = env as unknown as { readonly WORK: string }
const work: LoginWork = JSON.parse(WORK)
const logins = createLogins(work, module)

export default {
  async fetch(request: Request): Promise<Response> {
    await takeTurn(logins, readTurn(new URL(request.url).pathname))
    return new Response(null, { status: 204 })
  },
}
