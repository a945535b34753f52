// The timer that hosts hand to the gateway. A signal frees it early: a timer left behind keeps a process alive.

export function sleep(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis)
    signal?.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}
