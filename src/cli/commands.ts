// The table of commands: one row for each family of commands (a folder), and one for each command outside a family.
import { Command, CommanderError } from 'commander'
import { StoreError } from '../config/source.ts'
import { printable } from '../core/printable.ts'
import { VERSION_LINE } from '../runtime/version.ts'
import { agent } from './agent/agent.ts'
import { awsCerts } from './aws-certs/aws-certs.ts'
import { EXIT, type ExitCode, type HostIo, type Io, Stop } from './command.ts'
import { config } from './config/config.ts'
import type { Row } from './define-command.ts'
import { explain } from './explain/explain.ts'
import { keys } from './keys/keys.ts'
import { map } from './map/map.ts'
import { replay } from './replay/replay.ts'
import { lock, unlock } from './revoke/lock.ts'
import { revoke } from './revoke/revoke.ts'
import { serve } from './serve.ts'
import { status } from './status/status.ts'
import { escapeForTerminal, paint } from './terminal.ts'
import { test } from './test/test.ts'

const ROWS: readonly Row[] = [
  config,
  status,
  revoke,
  lock,
  unlock,
  explain,
  map,
  test,
  replay,
  agent,
  awsCerts,
  keys,
  serve,
]

const HELP_COLUMNS = 80

const EXIT_STATUS = `
Exit status: 0 done; 1 a document is invalid, what was requested is missing, a login is refused, or a test fails; 2 wrong
usage;
3 the stored document is not the expected one, or a login cannot be decided offline; 4 a store or a gateway did not
answer.`

/**
 * Runs one command and prints its result and errors through `host`.
 * @param args - the arguments after the program's name; none of them prints the help
 * @returns the exit code; usage errors and failures of files, stores and gateways are printed, not thrown
 * @throws only for a fault of the tool itself, so that its stack is printed
 */
export async function run(args: readonly string[], host: HostIo): Promise<ExitCode> {
  const closing: (() => Promise<void>)[] = []
  const io = guardTerminal({ ...host, atEnd: (close) => void closing.push(close) })
  let exitCode: ExitCode = EXIT.done
  const program = createProgram(io, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : removeDashes(args), { from: 'user' })
    return exitCode
  } catch (error) {
    // commander has printed the help, the version or the usage error already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    // Anything else is a bug of this tool: its stack is printed.
    if (!(error instanceof Stop) && !isExternalFailure(error)) throw error
    io.err(`${paint('postern:', 'red', io)} ${printable(error.message)}\n`)
    if (!(error instanceof Stop)) return EXIT.unreachable
    for (const line of error.lines) io.err(`${printable(line)}\n`)
    return error.exitCode
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
}

/** Creates the tree of commands. Nothing in it writes to the process or ends it. */
export function createProgram(io: Io, end: (exitCode: ExitCode) => void): Command {
  const program = new Command(io.command ?? 'postern')
    .description('Command line for authors and operators of Postern documents.')
    .version(VERSION_LINE, '--version', 'print the version')
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(`${paint('postern:', 'red', io)} ${describeUsageError(text)}\n`),
      getOutHelpWidth: () => HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
      getOutHasColors: () => io.colour,
      getErrHasColors: () => io.colour,
    })
    .exitOverride()
    .showHelpAfterError()
    .addHelpText('beforeAll', ({ error, command }) => (error ? describeMissing(command, io) : ''))
    .addHelpText('after', ({ error }) => (error ? '' : EXIT_STATUS))
  for (const row of ROWS) row.addTo(program, io, end)
  return program
}

/** Puts commander's message on one line, whatever characters the quoted arguments contain. Its suggestion comes on a separate line. */
function describeUsageError(text: string): string {
  return printable(
    text
      .replace(/^error: /, '')
      .replace(/(?:\n(\(Did you mean [a-z, -]+\?\)))?\n$/, ' $1')
      .trimEnd(),
  )
}

/** The message above a family's help, which commander prints if the subcommand is missing. */
function describeMissing({ args, commands }: Command, io: Io): string {
  if (args.length > 0 || commands.length === 0) return ''
  const names = commands.map((command) => command.name()).join(', ')
  return `${paint('postern:', 'red', io)} Missing subcommand. Expected one of: ${names}\n`
}

/** Removes a leading `--`: `npm run` removes it itself, `deno task serve -- ...` passes it on. */
function removeDashes(args: readonly string[]): readonly string[] {
  const at = args[0] === serve.name ? 1 : 0
  return args[at] === '--' ? args.toSpliced(at, 1) : args
}

/** Escapes control characters in everything that is printed as a string. A document is printed as bytes, unchanged. */
function guardTerminal(io: Io): Io {
  return {
    ...io,
    out: (data) => io.out(typeof data === 'string' ? escapeForTerminal(data, io) : data),
    err: (text) => io.err(escapeForTerminal(text, io)),
  }
}

/** Whether a file system or a store failed; the messages of both name the file and the reason. */
function isExternalFailure(error: unknown): error is Error {
  return error instanceof StoreError || (error instanceof Error && 'syscall' in error)
}
