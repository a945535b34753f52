// A larger app with the gateway under /login. It is shown in docs/embed.md and run by a test.
import { Hono } from 'hono'
import { createUrlPolicy } from '../src/config/compile/compile-context.ts'
import type { AuditSink } from '../src/gateway/audit/audit.ts'
import { createGateway } from '../src/gateway/gateway.ts'
import { createDirectorySource } from '../src/runtime/directory-source.ts'
import { createGuardedFetch } from '../src/runtime/http/guarded-fetch.ts'
import { loadPolicyVm } from '../src/runtime/load-policy-vm.ts'
import { type Environment, readServingSettings } from '../src/runtime/settings.ts'
import { sleep } from '../src/runtime/sleep.ts'

/** `environment` holds the settings, `directory` the documents; `ISSUER_URL` ends in /login. */
export async function createApp(environment: Environment, directory: string, audit: AuditSink): Promise<Hono> {
  const settings = await readServingSettings(environment, { canResolve: true })
  if (!settings.ok) throw new Error(settings.problems.join('\n'))
  const gateway = createGateway({
    settings: settings.value,
    source: createDirectorySource(directory, { clock: Date.now, sleep }),
    state: createDirectorySource(`${directory}/state`),
    module: loadPolicyVm(),
    fetch: createGuardedFetch(createUrlPolicy(settings.value)),
    clock: Date.now,
    sleep,
    audit,
  })
  const app = new Hono()
  app.route('/login', gateway)
  app.get('/', (c) => c.text('the larger app'))
  return app
}
