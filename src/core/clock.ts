// The clock that the host hands in. Below layer 7 nothing reads the time by itself.

/** Milliseconds since the epoch. */
export type Clock = () => number

/** Waits, and frees its timer when `signal` fires; whether it then settles does not matter. */
export type Sleep = (millis: number, signal?: AbortSignal) => Promise<void>
