// Work that outlives the answer: `waitUntil` on Workers, a promise that is left to run on Node and Deno.
import type { Context } from 'hono'

export function backgroundOf(c: Context): (work: Promise<unknown>) => void {
  // What fails in the background has been noted where it failed; here it must only not end the process.
  return (work) => {
    const settled = work.catch(() => undefined)
    try {
      c.executionCtx.waitUntil(settled)
    } catch {
      // This host has no execution context: the promise runs on by itself.
    }
  }
}
