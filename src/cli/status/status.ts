// `postern status --all`: every cluster of a gateway or a store, the worst first.
import { parseClusterId } from '../../config/document-key.ts'
import type { ClusterSummary } from '../../config/live/section-status.ts'
import { summarizeCluster } from '../../config/live/status.ts'
import { STATUS_PAGE_TRIES_MAX, STATUS_PAGE_WAIT_MAX_SECONDS, STATUS_PAGES_MAX } from '../../core/limits.ts'
import { sleep } from '../../runtime/sleep.ts'
import { JSON_OPTION, readTarget } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import {
  type AskedGateway,
  readGatewayPage,
  readSession,
  SESSION_OPTIONS,
  type StatusPage,
} from '../config/gateway-status.ts'
import { readStoreStatus } from '../config/store-status.ts'
import { defineCommand } from '../define-command.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_OPTIONS, type StoreFlags } from '../store/store-option.ts'
import { countClusters, formatClusters, sortWorstFirst } from './format-clusters.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'Show the health of all clusters, worst first; status 1 if one is unhealthy',
  arguments: [],
  options: {
    all: { help: 'every cluster; required. For one: config status' },
    gateway: { value: 'url', help: 'ask this gateway; default: read the store' },
    ...SESSION_OPTIONS,
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    ...JSON_OPTION,
  },
  async run(_words, values, io) {
    if (values.all !== true)
      throw makeUsageStop('Missing --all. For one cluster use `postern config status cluster --id ID`')
    const isRunning = values.gateway !== undefined
    const found = isRunning
      ? await readFromGateway({ gateway: values.gateway, session: readSession(values.session, io) }, io)
      : await readFromStore(values, io)
    const clusters = sortWorstFirst(found)
    const counts = countClusters(clusters)
    io.out(
      values.json === true
        ? `${JSON.stringify({ counts, clusters }, undefined, 2)}\n`
        : formatClusters(clusters, counts, isRunning ? 'in force' : 'would be in force', io),
    )
    if (clusters.length === 0)
      io.err(isRunning ? 'The session is allowed no cluster that has documents\n' : 'The store has no clusters\n')
    return clusters.length > 0 && counts.unhealthy === 0 ? EXIT.done : EXIT.refused
  },
})

async function readFromGateway(asked: AskedGateway, io: Io): Promise<readonly ClusterSummary[]> {
  // By id: a cluster may come twice if documents are stored meanwhile.
  const clusters = new Map<string, ClusterSummary>()
  let cursor: string | undefined
  for (let pages = 0; pages < STATUS_PAGES_MAX; pages++) {
    const page = await readPatiently(asked, cursor, io)
    for (const cluster of page.clusters) clusters.set(cluster.clusterId, cluster)
    if (page.cursor === undefined) return [...clusters.values()]
    if (page.cursor === cursor) break
    cursor = page.cursor
  }
  throw new Stop(EXIT.unreachable, `The pages of ${asked.gateway} do not end: check that it is a Postern gateway`)
}

/** A gateway whose memory is too small for all documents asks to wait, until it may compile more of them. */
async function readPatiently(asked: AskedGateway, cursor: string | undefined, io: Io): Promise<StatusPage> {
  for (let tries = 1; ; tries++) {
    const page = await readGatewayPage(asked, cursor, io)
    if ('clusters' in page) return page
    if (tries === STATUS_PAGE_TRIES_MAX || page.waitSeconds > STATUS_PAGE_WAIT_MAX_SECONDS) throw page.refused
    await sleep(1000 * page.waitSeconds)
  }
}

async function readFromStore(
  flags: StoreFlags & { readonly state?: string | undefined },
  io: Io,
): Promise<readonly ClusterSummary[]> {
  const opened = await openStore(flags, io)
  const state = await openStateStore(flags, opened.store, io)
  const ids = new Set((await opened.store.list('clusters')).map((key) => key.split('/')[1] ?? ''))
  const clusters: ClusterSummary[] = []
  for (const id of ids) {
    if (parseClusterId(id) === undefined) continue
    const sections = await readStoreStatus(readTarget('cluster', id), opened, state, io.clock())
    const summary = summarizeCluster(id, sections)
    if (summary !== undefined) clusters.push(summary)
  }
  return clusters
}
