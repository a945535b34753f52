// The load client, as its parent sees it.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Load, LoadFailure, LoadResult } from './load-client.ts'

export interface LoadClient {
  send(load: Load): Promise<LoadResult>
  stop(): void
}

export function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(new URL('./load-client.ts', import.meta.url)))
  return {
    send(load) {
      return new Promise((answer, fail) => {
        const onExit = (code: number | null): void => fail(new Error(`the load client ended with ${code}`))
        child.once('exit', onExit)
        child.once('message', (message: LoadResult | LoadFailure) => {
          child.off('exit', onExit)
          if ('failure' in message) fail(new Error(`${load.url}: ${message.failure}`))
          else answer(message)
        })
        child.send(load)
      })
    },
    stop: () => void child.kill(),
  }
}
