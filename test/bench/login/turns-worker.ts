// Takes turns inside workerd. Its clock may stand still while code runs, so who asks measures the time.
import { env } from 'cloudflare:workers'
import module from '../../../wasm/policy-vm.wasm'
import { createLogins, type Logins, readTurn, takeTurn } from './in-process-contenders.ts'
import type { LoginWork } from './work.ts'

const { WORK } = env as unknown as { readonly WORK: string }
const work: LoginWork = JSON.parse(WORK)
let logins: Logins | undefined

export default {
  async fetch(request: Request): Promise<Response> {
    // Within a request: outside of one a Worker may neither fetch nor draw random numbers.
    logins ??= await createLogins(work, module)
    await takeTurn(logins, readTurn(new URL(request.url).pathname))
    return new Response(null, { status: 204 })
  },
}
