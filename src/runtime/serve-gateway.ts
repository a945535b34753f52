// Serves the gateway on Node and Deno: settings, gateway, HTTP server, and the signals that end it.
import process from 'node:process'
import { SHUTDOWN_NOTICE_MILLIS } from '../core/limits.ts'
import { printable, printableLines } from '../core/printable.ts'
import { readAuditFormat } from '../gateway/audit/audit-format.ts'
import type { MetricsOptions } from '../gateway/metrics/measure.ts'
import { isLoopbackHost } from '../net/url-policy.ts'
import { createServedGateway } from './create-served-gateway.ts'
import { adoptAuthorities } from './http/adopt-authorities.ts'
import { type HttpServer, listen, SERVER_BOUNDS } from './http/http-server.ts'
import { readTlsPair, watchTlsFiles } from './http/tls-files.ts'
import { findStoreFault } from './open-stores.ts'
import type { MetricsListener, ServeOptions } from './serve-options.ts'
import { openServerOutputs, type ServerOutputs } from './server-outputs.ts'
import type { Environment } from './settings.ts'
import { sleep } from './sleep.ts'

/**
 * Serves until SIGINT or SIGTERM, drains, and ends the process: with status 0, or 1 if audit records were lost. If it cannot
 * start, it prints a message and ends the process with status 2.
 */
export async function serveGateway(options: ServeOptions, environment: Environment): Promise<void> {
  const fault = (await findStoreFault(options, environment)) ?? adoptAuthorities()
  if (fault !== undefined) stop(printable(fault))
  const tls = options.tls === undefined ? undefined : await readTlsPair(options.tls)
  if (typeof tls === 'string') stop(printable(tls))

  const outputs = openServerOutputs(readAuditFormat(environment['AUDIT_FORMAT']))
  const { audit, auditRefusing, say } = outputs
  let isDraining = false
  const metrics = options.metrics && (await openMetrics(options.metrics, say))
  const gateway = await createServedGateway(options, environment, {
    audit,
    say,
    ...(metrics === undefined ? {} : { metrics }),
    hostState() {
      const refusing = auditRefusing()
      return { isDraining, ...(refusing === undefined ? {} : { auditRefusingSinceMillis: refusing.sinceMillis }) }
    },
  })
  if (typeof gateway === 'string') stop(gateway)

  let server: HttpServer | undefined
  // Before listening; otherwise an early signal would end the process without the event.
  endOnSignals(async (signal) => {
    isDraining = true
    gateway.reportEvent({ event: 'stopping', signal })
    if (server === undefined) process.exit(0)
    await drain(server, outputs, signal)
  })
  const { hostname, port } = options
  server = await listen(
    gateway.app.fetch,
    { hostname, port, say, ...(tls === undefined ? {} : { tls }) },
    SERVER_BOUNDS,
  ).catch((error: unknown) => stop(printable(describeListenFailure(error, options))))
  say(`Postern listens on ${server.url}`)
  gateway.reportEvent(gateway.describeStart(server.url))
  if (tls === undefined && !isLoopbackHost(hostname))
    say(
      `It is reachable from other machines without TLS: put a proxy that terminates TLS in front, or set --tls-cert and --tls-key`,
    )
  if (options.tls !== undefined && tls !== undefined)
    void watchTlsFiles({ files: options.tls, current: tls, sleep, onPair: server.useTls, say })
}

/** Calls `end` on the first signal; a second one ends the process at once. SIGHUP, from a closed terminal, is ignored: logins may be running. */
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

/** Waits for load balancers to see the failing `/readyz`, except on Ctrl+C (SIGINT), then closes the server and flushes the outputs. */
async function drain(server: HttpServer, { say, flush }: ServerOutputs, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  say(`${signal}: draining`)
  server.windDown()
  if (signal === 'SIGTERM') await sleep(SHUTDOWN_NOTICE_MILLIS)
  await server.close()
  process.exit((await flush()) ? 0 : 1)
}

/** Loaded here, so that a gateway that measures nothing does not load the library. */
async function openMetrics(listener: MetricsListener, say: (line: string) => void): Promise<MetricsOptions> {
  const { createPrometheus } = await import('./metrics/prometheus.ts')
  const { serveMetrics } = await import('./metrics/serve-metrics.ts')
  const prometheus = createPrometheus()
  const { host, port, clusters } = listener
  const { url } = await serveMetrics(prometheus, listener).catch((error: unknown) =>
    stop(printable(describeListenFailure(error, { hostname: host, port }))),
  )
  say(`Metrics are at ${url}`)
  return { port: prometheus.port, runtime: process.versions['deno'] === undefined ? 'node' : 'deno', clusters }
}

const LISTEN_FAILURES: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'the port is used by another process: end that process, or choose another port with --port'],
  ['EACCES', 'this user lacks the permission: choose a port from 1024 with --port'],
  ['EADDRNOTAVAIL', 'this machine does not have the address: correct --host'],
  ['ENOTFOUND', 'the name does not resolve: give an address to --host'],
])

function describeListenFailure(error: unknown, { hostname, port }: Pick<ServeOptions, 'hostname' | 'port'>): string {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  return `Cannot listen on ${hostname} port ${port}: ${LISTEN_FAILURES.get(code) ?? String(message ?? error)}`
}

function stop(message: string): never {
  process.stderr.write(`${printableLines(message)}\n`)
  process.exit(2)
}
