// `serve` as Node and Deno run it: flags and settings, the gateway, the server, and the signals that end it.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { SHUTDOWN_NOTICE_MILLIS } from '../core/limits.ts'
import { printable, printableLines } from '../core/printable.ts'
import { isLoopbackHost } from '../net/url-policy.ts'
import { createServedGateway } from './create-served-gateway.ts'
import { adoptExtraAuthorities } from './http/deno-authorities.ts'
import { type HttpServer, listen, SERVER_BOUNDS } from './http/http-server.ts'
import { readTlsPair, watchTlsFiles } from './http/tls-files.ts'
import { findDirectoryFault, type ServeOptions } from './serve-options.ts'
import { openServerOutputs, type ServerOutputs } from './server-outputs.ts'
import type { Environment } from './settings.ts'
import { sleep } from './sleep.ts'

/** Serves until SIGINT or SIGTERM, and then ends the process. Ends it with status 2 and a message if it cannot start. */
export async function serveGateway(options: ServeOptions, environment: Environment): Promise<void> {
  const fault = (await findDirectoryFault(options)) ?? adoptAuthorities()
  if (fault !== undefined) stop(printable(fault))
  const tls = options.tls === undefined ? undefined : await readTlsPair(options.tls)
  if (typeof tls === 'string') stop(printable(tls))

  const outputs = openServerOutputs()
  const { audit, auditRefusing, say } = outputs
  let isDraining = false
  const gateway = await createServedGateway(options, environment, {
    audit,
    hostState() {
      const refusing = auditRefusing()
      return { isDraining, ...(refusing === undefined ? {} : { auditRefusingSinceMillis: refusing.sinceMillis }) }
    },
  })
  if (typeof gateway === 'string') stop(gateway)

  let server: HttpServer | undefined
  // Before it listens, or an early signal would end it by default.
  endOnSignals(async (signal) => {
    isDraining = true
    gateway.reportEvent({ event: 'stopping', signal })
    if (server === undefined) process.exit(0)
    await drain(server, outputs, signal)
  })
  const { hostname, port } = options
  server = await listen(
    gateway.fetch,
    { hostname, port, say, ...(tls === undefined ? {} : { tls }) },
    SERVER_BOUNDS,
  ).catch((error: unknown) => stop(printable(describeListenFailure(error, options))))
  say(`Postern listens on ${server.url}`)
  gateway.reportEvent(gateway.describeStart(server.url))
  if (tls === undefined && !isLoopbackHost(hostname))
    say(
      `It is reached from other machines without TLS: put a proxy that ends TLS before it, or give --tls-cert and --tls-key`,
    )
  if (options.tls !== undefined && tls !== undefined)
    void watchTlsFiles({ files: options.tls, current: tls, sleep, onPair: server.useTls, say })
}

/** Whichever command serves. Node reads the variable itself, before its first line of ours. */
function adoptAuthorities(): string | undefined {
  if (process.versions['deno'] === undefined) return undefined
  const { env } = process
  return adoptExtraAuthorities(
    {
      get: (name) => env[name],
      set(name, value) {
        env[name] = value
      },
      delete(name) {
        delete env[name]
      },
    },
    (path) => readFileSync(path, 'utf8'),
  )
}

/** A second signal ends it at once. A terminal that is closed (SIGHUP) ends nothing: logins may be under way. */
function endOnSignals(end: (signal: 'SIGINT' | 'SIGTERM') => Promise<void>): void {
  let isEnding = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (isEnding) process.exit(1)
      isEnding = true
      void end(signal)
    })
  process.on('SIGHUP', () => undefined)
}

/** `/readyz` says so already. At a terminal nobody waits for a balancer. */
async function drain(server: HttpServer, { say, flush }: ServerOutputs, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  say(`${signal}: draining`)
  server.windDown()
  if (signal === 'SIGTERM') await sleep(SHUTDOWN_NOTICE_MILLIS)
  await server.close()
  process.exit((await flush()) ? 0 : 1)
}

const LISTEN_FAILURES: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'it is taken by another process: end that one, or choose another with --port'],
  ['EACCES', 'this user may not take it: choose a port from 1024 with --port'],
  ['EADDRNOTAVAIL', 'this machine does not have the address: correct --host'],
  ['ENOTFOUND', 'the name does not resolve: give an address to --host'],
])

function describeListenFailure(error: unknown, { hostname, port }: ServeOptions): string {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  return `Cannot listen on ${hostname} port ${port}: ${LISTEN_FAILURES.get(code) ?? String(message ?? error)}`
}

function stop(message: string): never {
  process.stderr.write(`${printableLines(message)}\n`)
  process.exit(2)
}
