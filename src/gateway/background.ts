// Work that outlives the answer: `waitUntil` on Workers, a promise that is left to run on Node and Deno.
import type { Context } from 'hono'
import type { Background } from '../config/live/config-read.ts'

export function createBackground(c: Context): Background {
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
