// The clock and the timer that the host passes in. Code below layer 7 never reads the time by itself, so tests control
// it.

/**
 * Returns the current time in milliseconds since 1970, UTC.
 *
 * @example const clock: Clock = Date.now
 */
export type Clock = () => number

/**
 * Waits. When `signal` is aborted it must free its timer; whether the promise then settles does not matter.
 *
 * @param millis Milliseconds to wait.
 * @example const sleep: Sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis))
 */
export type Sleep = (millis: number, signal?: AbortSignal) => Promise<void>
