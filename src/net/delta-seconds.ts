// Seconds in a header (`delta-seconds`, RFC 9111 section 1.2.2; `delay-seconds`, RFC 9110 section 10.2.3).

/** Whole seconds, not bounded; `undefined` for anything but digits, or more than ten of them: that is 300 years. */
export function readDeltaSeconds(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined
}
