// Lists the clusters that a session may see, in pages. Clusters outside its `allowedClusters` are not listed, not even
// as places in a page. A cursor says where to go on, and grants nothing.
import { type ClusterId, parseClusterId } from '../../config/document-key.ts'
import { type ClusterPage, type ConfigSource, callStore, compareClusterIds, StoreError } from '../../config/source.ts'
import type { Sleep } from '../../core/clock.ts'
import { STATUS_CURSOR_MAX_LENGTH, STORE_TIMEOUT_MILLIS } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'

/** Where a page begins: after a cluster, within a page of the store. */
export interface ListingPlace {
  readonly afterId?: ClusterId
  /** The store's cursor of that page; absent for its first one. */
  readonly storeCursor?: string
}

export interface ListedClusters {
  /** After the place, in the order of their keys: as many as one page of the store has. */
  readonly ids: readonly ClusterId[]
  /** The store's cursor of its next page; absent after the last one. */
  readonly nextStoreCursor?: string
}

/** Lists clusters from a place on. @param allowed those of the session; `undefined`: all */
export type ListClusters = (
  place: ListingPlace,
  allowed: readonly string[] | undefined,
) => Promise<Checked<ListedClusters>>

export function createClusterListing(source: ConfigSource, sleep: Sleep): ListClusters {
  async function readPage({ storeCursor }: ListingPlace): Promise<Checked<ClusterPage>> {
    const list = source.listClusters?.bind(source)
    if (list === undefined) return refuse(UNSUPPORTED)
    try {
      return pass(await callStore(() => list(storeCursor), STORE_TIMEOUT_MILLIS, sleep))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return refuse(error.cause instanceof RangeError ? MALFORMED_CURSOR : describeFailure(error))
    }
  }

  return async (place, allowed) => {
    const page = allowed === undefined ? await readPage(place) : pass<ClusterPage>({ ids: allowed })
    if (!page.ok) return page
    const { afterId } = place
    const ids = Array.from(new Set(page.value.ids), parseClusterId)
      .filter((id) => id !== undefined)
      .filter((id) => afterId === undefined || compareClusterIds(id, afterId) > 0)
      .sort(compareClusterIds)
    const { cursor } = page.value
    return pass({ ids, ...(cursor === undefined ? {} : { nextStoreCursor: cursor }) })
  }
}

/** `<id>` or `<id>/<cursor of the store>`. */
export function formatCursor({ afterId = '' as ClusterId, storeCursor }: ListingPlace): string {
  return storeCursor === undefined ? afterId : `${afterId}/${storeCursor}`
}

/** `undefined` if it is none of {@link formatCursor}. */
export function parseCursor(text: string): ListingPlace | undefined {
  const [, id = '', storeCursor] = /^([^/]*)(?:\/([\x21-\x7e]+))?$/.exec(text) ?? []
  const afterId = parseClusterId(id)
  if (text.length > STATUS_CURSOR_MAX_LENGTH || (afterId === undefined && (id !== '' || storeCursor === undefined)))
    return undefined
  return {
    ...(afterId === undefined ? {} : { afterId }),
    ...(storeCursor === undefined ? {} : { storeCursor }),
  }
}

export const MALFORMED_CURSOR: Refusal = {
  code: 'request_malformed',
  detail: 'the parameter cursor is not one that this gateway gave: begin again without it',
  where: 'cursor',
}

const UNSUPPORTED: Refusal = {
  code: 'listing_unsupported',
  detail: 'the configuration store of this gateway cannot list clusters: ask for the status of each one',
}

function describeFailure({ message }: StoreError): Refusal {
  return {
    code: 'store_unavailable',
    detail: 'the configuration store could not list its clusters: try again',
    retryAfterSeconds: 1,
    audit: { store: message },
  }
}
