// Work that continues after the answer: `waitUntil` on Workers, an unawaited promise on Node and Deno.
import type { Context } from 'hono'
import type { Background } from '../config/live/config-read.ts'

export function createBackground(c: Context): Background {
  // A failure is reported where it happens. Here it is caught so that an unhandled rejection does not end the process.
  return (work) => {
    const settled = work.catch(() => undefined)
    try {
      c.executionCtx.waitUntil(settled)
    } catch {
      // This host has no execution context: the promise runs without it.
    }
  }
}
