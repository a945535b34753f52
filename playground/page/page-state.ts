// What the page holds: what a verdict depends on, what it is compared with. It lives in memory alone and ends
// with the page: nothing is written to the browser's storage.

import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { Situation } from '../engine/situation.ts'

export interface PageState extends Omit<Situation, 'atSeconds'> {
  /** `undefined`: the time is now. */
  readonly atSeconds: number | undefined
  /** The version that the documents are compared with. */
  readonly baseline: readonly PlacedDocument[] | undefined
  /** A file of policy tests; `undefined` if there is none. */
  readonly tests: string | undefined
}

export interface Store {
  readonly read: () => PageState
  /** A person changed a part of it: what depends on it is made anew. */
  readonly change: (part: Partial<PageState>) => void
  /** All of it is another: a sample, or a shared link. Every field shows the new one. */
  readonly replace: (state: PageState) => void
  readonly onChange: (listener: () => void) => void
  readonly onReplace: (listener: (state: PageState) => void) => void
}

export function createStore(initial: PageState): Store {
  let state = initial
  const changed: (() => void)[] = []
  const replaced: ((state: PageState) => void)[] = []
  return {
    read: () => state,
    change(part) {
      state = { ...state, ...part }
      for (const listener of changed) listener()
    },
    replace(next) {
      state = next
      for (const listener of replaced) listener(next)
      for (const listener of changed) listener()
    },
    onChange: (listener) => void changed.push(listener),
    onReplace: (listener) => void replaced.push(listener),
  }
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

export function readSituation({ atSeconds, baseline: _, tests: __, ...rest }: PageState): Situation {
  return { ...rest, atSeconds: atSeconds ?? nowSeconds() }
}
