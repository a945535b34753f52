// The flags of `serve`, and the checks on them before the server starts.
import { resolve } from 'node:path'
import { METRICS_CLUSTERS_MAX } from '../core/limits.ts'
import { PORT_MAX, readPort } from '../net/port.ts'
import type { TlsFiles } from './http/tls-files.ts'
import { resolveStoreAddress, STORE_ADDRESS_WORDS } from './redis/store-address.ts'

export interface ServeOptions {
  /** Addresses: see `readStoreAddress`. */
  readonly store: string
  readonly state: string
  readonly hostname: string
  readonly port: number
  readonly tls?: TlsFiles
  /** Absent: nothing is measured. */
  readonly metrics?: MetricsListener
}

export interface MetricsListener {
  readonly host: string
  readonly port: number
  /** How many cluster ids get a label of their own. */
  readonly clusters: number
}

/** By the name of the flag; `value` is the name of its value in the help. */
export const SERVE_FLAGS = {
  store: {
    value: 'dir|url',
    required: true,
    help: `documents: <dir>/clusters/<clusterId>/<Section>.yaml, <dir>/trust-domain/<Section>.yaml; or ${STORE_ADDRESS_WORDS}`,
  },
  state: {
    value: 'dir|url',
    help: 'where the gateway keeps its applied records, in the same forms; default: the store',
  },
  host: { value: 'addr', help: 'the address to listen on; default 127.0.0.1' },
  port: { value: 'n', help: 'the port to listen on; default 8787; 0 takes a free one' },
  'tls-cert': {
    value: 'file',
    help: 'serve https: the certificate with its chain, as PEM; read again when it changes',
  },
  'tls-key': { value: 'file', help: 'its private key, as PEM; without both, plain http for a proxy in front' },
  'metrics-port': { value: 'n', help: 'serve /metrics for Prometheus on this port; 0 takes a free one' },
  'metrics-host': { value: 'addr', help: 'the address for --metrics-port; default 127.0.0.1' },
  'metrics-clusters': {
    value: 'n',
    help: `name the cluster in logins, for the first n of them, at most ${METRICS_CLUSTERS_MAX}; default 0: none`,
  },
} as const

type ServeFlags = { readonly [Flag in keyof typeof SERVE_FLAGS]?: string | undefined }

/**
 * Checks the flags.
 * @param directory - the absolute path that relative paths resolve against
 * @returns the options, or a message if a flag is invalid
 */
export function checkServeFlags(flags: ServeFlags, directory: string): ServeOptions | string {
  const { store, state = store, host, port: digits = '8787', 'tls-cert': cert, 'tls-key': key } = flags
  if (!store || !state) return '--store is required'
  const port = readPort(digits)
  if (port === undefined) return `--port must be a number from 0 to ${PORT_MAX}`
  const metrics = readMetrics(flags)
  if (typeof metrics === 'string') return metrics
  if ((cert === undefined) !== (key === undefined)) return '--tls-cert and --tls-key must be given together'
  return {
    store: resolveStoreAddress(store, directory),
    state: resolveStoreAddress(state, directory),
    hostname: host ?? '127.0.0.1',
    port,
    ...(metrics === undefined ? {} : { metrics }),
    ...(cert && key ? { tls: { cert: resolve(directory, cert), key: resolve(directory, key) } } : {}),
  }
}

function readMetrics(flags: ServeFlags): MetricsListener | string | undefined {
  const { 'metrics-port': digits, 'metrics-host': host, 'metrics-clusters': count = '0' } = flags
  if (digits === undefined) {
    const alone = [host, flags['metrics-clusters']].some((given) => given !== undefined)
    return alone ? '--metrics-host and --metrics-clusters need --metrics-port' : undefined
  }
  const port = readPort(digits)
  if (port === undefined) return `--metrics-port must be a number from 0 to ${PORT_MAX}`
  const clusters = /^[0-9]{1,4}$/.test(count) ? Number(count) : Number.NaN
  if (!(clusters <= METRICS_CLUSTERS_MAX))
    return `--metrics-clusters must be a number from 0 to ${METRICS_CLUSTERS_MAX}`
  return { host: host ?? '127.0.0.1', port, clusters }
}
