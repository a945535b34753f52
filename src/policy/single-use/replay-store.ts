// The port to a store of used evidence. A host implements it; KV cannot, because two readers of a KV value both win.

/** `first`: nobody had claimed the key, and now it is claimed. `seen`: somebody had. */
export type Claim = 'first' | 'seen'

/**
 * A store of used evidence. Of all that claim one key, however many at once and in whatever process, exactly one is told
 * `first`, until the time has passed.
 *
 * @example
 * const store: ReplayStore = {
 *   kind: 'postgres',
 *   scope: 'shared',
 *   async claim(key, forSeconds) {
 *     const { rowCount } = await pool.query(INSERT_ON_CONFLICT_DO_NOTHING, [key, forSeconds])
 *     return rowCount === 1 ? 'first' : 'seen'
 *   },
 * }
 */
export interface ReplayStore {
  /** Its name in the event `started` and in `/readyz`. */
  readonly kind: string
  /** `instance`: other machines do not see its claims, so that each of them would accept the evidence once. */
  readonly scope: 'instance' | 'shared'
  /**
   * Claims a key.
   *
   * @param key 43 characters of base64url, a digest
   * @param forSeconds how long to remember it by the store's own clock, a whole number of at least 1
   * @throws if it is not certain that the key was claimed. It may have been nevertheless: then the next one is told
   *   `seen`
   */
  claim(key: string, forSeconds: number): Promise<Claim>
}
