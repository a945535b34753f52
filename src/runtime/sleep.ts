// The timer that hosts pass to the gateway.

/** Resolves after `millis`. If `signal` aborts, the timer is cleared and the promise never settles, so that no timer keeps the process alive. */
export function sleep(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis)
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}
