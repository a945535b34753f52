// The interface between a command and the process that runs it: input, output, exit codes and errors. Nothing here
// accesses the process itself, so that a test can pass its own.
import type { Attestor } from '../attest/attestor.ts'
import type { Clock } from '../core/clock.ts'

/** What a command may use of its host. */
export interface Io {
  /** Writes results to standard output; bytes are written unchanged. */
  readonly out: (data: string | Uint8Array) => void
  /** Writes messages about the results to standard error. */
  readonly err: (text: string) => void
  /** Reads standard input to its end; `undefined` if it has more than `maxBytes` bytes. */
  readonly input: (maxBytes: number) => Promise<Uint8Array | undefined>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The absolute path that relative file names resolve against. */
  readonly directory: string
  readonly clock: Clock
  readonly fetch: typeof fetch
  readonly colour: boolean
  /** How the command was called, for its help. Default `postern`. */
  readonly command?: string
  /** Attestors to use instead of the built-in ones. */
  readonly attestors?: readonly Attestor[]
  /** Registers `close`, which is called once the command has ended, whether it succeeded or failed. */
  readonly atEnd: (close: () => Promise<void>) => void
}

/** What the process, or a test, provides. */
export type HostIo = Omit<Io, 'atEnd'>

export const EXIT = {
  done: 0,
  /** A document is invalid, or what was requested does not exist. */
  refused: 1,
  usage: 2,
  /** The stored document is not the expected one. */
  conflict: 3,
  /** A login cannot be decided offline. */
  undecided: 3,
  /** A store or a gateway did not answer. */
  unreachable: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/**
 * Ends a command with an exit code. The message names the thing and the next step, and is printed as one line; `lines`
 * are printed below it.
 */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly exitCode: ExitCode
  /** Whether the usage of the command is printed as well. */
  readonly showsUsage: boolean
  readonly lines: readonly string[]
  constructor(exitCode: ExitCode, message: string, options: StopOptions = {}) {
    super(message, options)
    this.lines = options.lines ?? []
    this.exitCode = exitCode
    this.showsUsage = options.showsUsage ?? false
  }
}

interface StopOptions extends ErrorOptions {
  readonly showsUsage?: boolean
  readonly lines?: readonly string[]
}

/** Makes the error for invalid arguments or flags: exit code 2, with the usage of the command. */
export function makeUsageStop(message: string): Stop {
  return new Stop(EXIT.usage, message, { showsUsage: true })
}
