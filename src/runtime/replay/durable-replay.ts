// The replay store on Workers: asks the shard of the key (replay-shard.ts).
import { decodeBase64url } from '../../core/base64.ts'
import type { Claim, ReplayStore } from '../../policy/single-use/replay-store.ts'

/** The part of a Durable Object namespace that is used. */
export interface ReplayBinding {
  getByName(name: string): { claim(key: string, forSeconds: number): Promise<Claim> }
}

/** Keys are digests, so that their first byte spreads them evenly over 256 objects. */
export function createDurableReplay(binding: ReplayBinding): ReplayStore {
  return {
    kind: 'durable_object',
    scope: 'shared',
    async claim(key, forSeconds) {
      const [shard] = decodeBase64url(key) ?? []
      if (shard === undefined) throw new Error('the key is not a digest')
      return binding.getByName(`replay-${shard}`).claim(key, forSeconds)
    },
  }
}
