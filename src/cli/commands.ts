// The table of commands: one row for each family, which is a folder, and for each command without one.
import { Command, CommanderError } from 'commander'
import { StoreError } from '../config/source.ts'
import { printable } from '../core/printable.ts'
import { VERSION_LINE } from '../runtime/version.ts'
import { EXIT, type ExitCode, type HostIo, type Io, Stop } from './command.ts'
import { config } from './config/config.ts'
import type { Row } from './define-command.ts'
import { explain } from './explain/explain.ts'
import { keys } from './keys/keys.ts'
import { map } from './map/map.ts'
import { serve } from './serve.ts'
import { escapeForTerminal, paint } from './terminal.ts'

const ROWS: readonly Row[] = [config, explain, map, keys, serve]

const HELP_COLUMNS = 80

const EXIT_STATUS = `
Exit status: 0 done; 1 a document is wrong, what was asked for is missing, or a login is refused; 2 wrong usage;
3 the stored document is not the expected one, or a login cannot be decided offline; 4 a store or a gateway did not
answer.`

/** Runs the command that `args` name. Says what went wrong, and never throws for a mistake of the person or the world. */
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
    // What is neither a mistake nor the world's doing is our own fault: its stack is printed.
    if (!(error instanceof Stop) && !isExternalFailure(error)) throw error
    io.err(`${paint('postern:', 'red', io)} ${printable(error.message)}\n`)
    if (!(error instanceof Stop)) return EXIT.unreachable
    for (const line of error.lines) io.err(`${printable(line)}\n`)
    return error.exitCode
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
}

/** The tree of commands. Nothing in it writes to the process or ends it. */
export function createProgram(io: Io, end: (exitCode: ExitCode) => void): Command {
  const program = new Command('npm run -s postern --')
    .description("Postern's tool for authors and operators of its documents.")
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

/** commander's sentence on one line, whatever the words hold that it quotes. Its suggestion is on a line of its own. */
function describeUsageError(text: string): string {
  return printable(
    text
      .replace(/^error: /, '')
      .replace(/(?:\n(\(Did you mean [a-z, -]+\?\)))?\n$/, ' $1')
      .trimEnd(),
  )
}

/** commander prints a family's help where its subcommand is missing: the sentence above it. */
function describeMissing({ args, commands }: Command, io: Io): string {
  if (args.length > 0 || commands.length === 0) return ''
  const names = commands.map((command) => command.name()).join(', ')
  return `${paint('postern:', 'red', io)} Missing subcommand. Expected one of: ${names}\n`
}

/** `npm run` takes the `--` in front of the words out, other runners hand it on, in front of the flags of `serve` as well. */
function removeDashes(args: readonly string[]): readonly string[] {
  const at = args[0] === serve.name ? 1 : 0
  return args[at] === '--' ? args.toSpliced(at, 1) : args
}

/** A document is printed as the bytes that it is; all else is made printable here, last of all. */
function guardTerminal(io: Io): Io {
  return {
    ...io,
    out: (data) => io.out(typeof data === 'string' ? escapeForTerminal(data, io) : data),
    err: (text) => io.err(escapeForTerminal(text, io)),
  }
}

/** A file system or a store that failed; both say which file and why. */
function isExternalFailure(error: unknown): error is Error {
  return error instanceof StoreError || (error instanceof Error && 'syscall' in error)
}
