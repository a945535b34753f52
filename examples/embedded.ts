// A larger app with a gateway of chosen parts under /login. It is shown in docs/embed.md and run by a test.
import { Hono } from 'hono'
import { type AuditSink, createGateway, createUrlPolicy, type Environment, readServingSettings, sleep } from 'postern'
import { createDirectorySource, createGuardedFetch, loadPolicyVm } from 'postern/node'

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
