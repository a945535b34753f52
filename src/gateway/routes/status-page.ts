// Answers the status of many clusters, a page at a time: those that the session is allowed. The work of one request is
// bounded by the number of clusters, and by time where their documents have to be compiled first.
import type { Context } from 'hono'
import { type ClusterId, clusterKey, trustDomainKey } from '../../config/document-key.ts'
import type { ClusterSummary } from '../../config/live/section-status.ts'
import { summarizeCluster } from '../../config/live/status.ts'
import { STATUS_PAGE_MAX, STATUS_PAGE_MILLIS } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { checkRead } from '../configuration-refusals.ts'
import { createStatusReport } from '../reports/status-report.ts'
import { createSnapshot, listConfiguration } from '../request-snapshot.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'
import { formatCursor, type ListingPlace, MALFORMED_CURSOR, parseCursor } from '../status/cluster-listing.ts'
import { createClusterStatus, readSections } from '../status/cluster-status.ts'

export function addStatusPageRoute(app: GatewayApp, services: Services): void {
  addRoute(app, 'GET', '/v1/status', (c) => readPage(c, services))
}

async function readPage(c: Context<GatewayEnv>, services: Services): Promise<Response> {
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createStatusReport(c, undefined, services, snapshot)
  const issuer = await requireIssuer(c, { scope: 'status' }, services, snapshot)
  if (!issuer.ok) return report.refuse(issuer.refusal)
  report.noteIssuer(issuer.value.session)
  const asked = readQuery(c.req.queries())
  if (!asked.ok) return report.refuse(asked.refusal)
  const trustDomain = await snapshot.readSection(trustDomainKey('TrustDomain'))
  if (!trustDomain.ok) return report.refuse(trustDomain.refusal)
  // Before the clusters, whose versions are in their own statuses.
  const configuration = listConfiguration(snapshot.listUsed())

  const { place, limit } = asked.value
  const listed = await services.listClusters(place, issuer.value.listAllowed())
  if (!listed.ok) return report.refuse(listed.refusal)
  const { ids, nextStoreCursor } = listed.value
  const startedMillis = services.clock()
  const clusters: ClusterSummary[] = []
  let afterId: ClusterId | undefined = place.afterId
  for (const [at, id] of ids.entries()) {
    const isLate = Math.abs(services.clock() - startedMillis) >= STATUS_PAGE_MILLIS
    const isFull = at >= limit || (at > 0 && isLate)
    const reads = isFull ? [] : await readSections(id, snapshot)
    const over = reads.find(({ read }) => read.kind === 'unavailable' && read.isOverBudget === true)
    if (over !== undefined && at === 0) {
      const refused = checkRead(clusterKey(id, over.name), over.read)
      if (!refused.ok) return report.refuse(refused.refusal)
    }
    if (isFull || over !== undefined) {
      const cursor = formatCursor({ ...place, ...(afterId === undefined ? {} : { afterId }) })
      return report.answerPage({ clusters, cursor, configuration })
    }
    const summary = summarizeCluster(id, createClusterStatus(id, reads, trustDomain.value, services, snapshot))
    if (summary !== undefined) clusters.push(summary)
    afterId = id
  }
  if (nextStoreCursor === undefined) return report.answerPage({ clusters, configuration })
  const next = { storeCursor: nextStoreCursor, ...(afterId === undefined ? {} : { afterId }) }
  return report.answerPage({ clusters, cursor: formatCursor(next), configuration })
}

interface Asked {
  readonly place: ListingPlace
  readonly limit: number
}

function readQuery(queries: Readonly<Record<string, readonly string[]>>): Checked<Asked> {
  const { cursor = [], limit = [], ...others } = queries
  if (Object.keys(others).length > 0) return refuse(UNKNOWN_PARAMETER)
  const [digits = `${STATUS_PAGE_MAX}`] = limit
  if (limit.length > 1 || !/^[1-9][0-9]?$/.test(digits) || Number(digits) > STATUS_PAGE_MAX)
    return refuse(MALFORMED_LIMIT)
  const [text] = cursor
  const place = text === undefined ? {} : parseCursor(text)
  if (cursor.length > 1 || place === undefined) return refuse(MALFORMED_CURSOR)
  return pass({ place, limit: Number(digits) })
}

const MALFORMED_LIMIT: Refusal = {
  code: 'request_malformed',
  detail: `the parameter limit must be a whole number from 1 to ${STATUS_PAGE_MAX}`,
  where: 'limit',
}

const UNKNOWN_PARAMETER: Refusal = {
  code: 'request_malformed',
  detail: 'the query has a parameter that this route does not know: it takes cursor and limit',
}
