// What can be read of whatever was thrown: JavaScript throws values of any type.

/** The message of an error, and of any other value its text. It may hold anything: make it printable before it is shown. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code that Node and Deno give errors of the system (`ENOENT`), and jose its own; `undefined` where there is none. */
export function readErrorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
