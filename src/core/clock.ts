// The clock that the host hands in. Below layer 7 nothing reads the time by itself.

/** Milliseconds since the epoch. */
export type Clock = () => number
