// What a command gets from the process that runs it, and the ways in which it ends. Nothing here touches the process: a
// test hands in its own.
import type { Attestor } from '../attest/attestor.ts'
import type { Clock } from '../core/clock.ts'

/** What a command may use of its host. */
export interface Io {
  /** Results: bytes go out as they are. */
  readonly out: (data: string | Uint8Array) => void
  /** Everything that is said about them. */
  readonly err: (text: string) => void
  /** The standard input to its end; `undefined` where it has more than `maxBytes`. */
  readonly input: (maxBytes: number) => Promise<Uint8Array | undefined>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the names of files start. */
  readonly directory: string
  readonly clock: Clock
  readonly fetch: typeof fetch
  readonly colour: boolean
  /** Attestors of one's own; default are those that ship. */
  readonly attestors?: readonly Attestor[]
  /** Has `close` called when the command has ended, however it ends. */
  readonly atEnd: (close: () => Promise<void>) => void
}

/** What the process, or a test, hands in. */
export type HostIo = Omit<Io, 'atEnd'>

export const EXIT = {
  done: 0,
  /** A document is wrong, or what was asked for is not there. */
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
 * Ends a command: the message names the thing and the next step, and is all that the person sees. It is one line, whatever
 * was put into it; `lines` go below.
 */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly exitCode: ExitCode
  /** Whether the person is helped by the usage of the command. */
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

/** For words and flags that make no command. */
export function makeUsageStop(message: string): Stop {
  return new Stop(EXIT.usage, message, { showsUsage: true })
}
