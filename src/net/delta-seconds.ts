// Seconds in a header (`delta-seconds`, RFC 9111 section 1.2.2; `delay-seconds`, RFC 9110 section 10.2.3).

/** Reads whole seconds; `undefined` for anything but one to ten digits, which is up to 300 years. */
export function readDeltaSeconds(text: string): number | undefined {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined
}
