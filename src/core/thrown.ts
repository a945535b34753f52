// Reads thrown values, which in JavaScript may have any type.

/**
 * The message of an error, or any other value as a string. It may contain anything: make it printable before showing
 * it.
 */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a system error of Node or Deno (`ENOENT`), or of an error of jose; `undefined` if absent. */
export function readErrorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
