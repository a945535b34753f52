// The table of commands. A new command is one file and one row here; help is printed from the rows.
import { StoreError } from '../config/source.ts'
import { didYouMean } from '../core/nearest.ts'
import { printable } from '../core/printable.ts'
import { VERSION_LINE } from '../runtime/version.ts'
import { type Command, EXIT, type ExitCode, type HostIo, type Io, Stop, usageStop } from './command.ts'
import { configDelete } from './config/config-delete.ts'
import { configDiff } from './config/config-diff.ts'
import { configGet } from './config/config-get.ts'
import { configHistory } from './config/config-history.ts'
import { configRollback } from './config/config-rollback.ts'
import { configSet } from './config/config-set.ts'
import { configStatus } from './config/config-status.ts'
import { configValidate } from './config/config-validate.ts'
import { explain } from './explain/explain.ts'
import { keysNew } from './keys/keys-new.ts'
import { keysRotate } from './keys/keys-rotate.ts'
import { map } from './map/map.ts'
import { serve } from './serve.ts'
import { paint, terminalText } from './terminal.ts'

export const COMMANDS: readonly Command[] = [
  configValidate,
  configSet,
  configGet,
  configDiff,
  configDelete,
  configHistory,
  configRollback,
  configStatus,
  explain,
  map,
  keysNew,
  keysRotate,
  serve,
]

const CALL = 'npm run -s postern --'

/** Runs the command that `args` name. Says what went wrong, and never throws for a mistake of the person or the world. */
export async function run(args: readonly string[], host: HostIo): Promise<ExitCode> {
  const closing: (() => Promise<void>)[] = []
  const io = guardTerminal({ ...host, atEnd: (close) => void closing.push(close) })
  try {
    return await dispatch(args[0] === '--' ? args.slice(1) : args, io)
  } catch (error) {
    // What is neither a mistake nor the world's doing is our own, and wants its stack printed.
    if (!(error instanceof Stop) && !isOfTheWorld(error)) throw error
    io.err(`${paint('postern:', 'red', io)} ${printable(error.message)}\n`)
    if (!(error instanceof Stop)) return EXIT.unreachable
    for (const line of error.lines) io.err(`${printable(line)}\n`)
    return error.exitCode
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
}

/** A document is printed as the bytes that it is; all else passes the last door. */
function guardTerminal(io: Io): Io {
  return {
    ...io,
    out: (data) => io.out(typeof data === 'string' ? terminalText(data, io) : data),
    err: (text) => io.err(terminalText(text, io)),
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<ExitCode> {
  const wantsHelp = args.length === 0 || args.includes('--help') || args.includes('-h')
  const words = wordsOf(args)
  const command = COMMANDS.find(({ name }) => isCalled(name, words))
  if (wantsHelp) {
    io.out(command === undefined ? helpFor(words) : helpOf(command))
    return EXIT.done
  }
  if (args.includes('--version')) {
    io.out(`${VERSION_LINE}\n`)
    return EXIT.done
  }
  if (command === undefined) throw usageStop(unknownCommand(words))
  const rest = args.slice(command.name.split(' ').length)
  try {
    return await command.run(rest, io)
  } catch (error) {
    if (!(error instanceof Stop) || !error.showsUsage) throw error
    const usage = command.usage.map((line) => `  ${CALL} ${line}`)
    throw new Stop(EXIT.usage, error.message, { cause: error, lines: ['', 'Usage:', ...usage] })
  }
}

/** A file system or a store that failed; both say which file and why. */
function isOfTheWorld(error: unknown): error is Error {
  return error instanceof StoreError || (error instanceof Error && 'syscall' in error)
}

/** The words before the first flag. */
function wordsOf(args: readonly string[]): readonly string[] {
  const end = args.findIndex((word) => word.startsWith('-'))
  return end === -1 ? args : args.slice(0, end)
}

function isCalled(name: string, words: readonly string[]): boolean {
  return name.split(' ').every((word, index) => words[index] === word)
}

/** The rows under a first word, or all of them. */
function rowsUnder(words: readonly string[]): readonly Command[] {
  const [first] = words
  const under = COMMANDS.filter(({ name }) => name.split(' ')[0] === first)
  return under.length === 0 ? COMMANDS : under
}

function unknownCommand(words: readonly string[]): string {
  const names = rowsUnder(words).map(({ name }) => name)
  if (words.length === 1 && names.every((name) => name.startsWith(`${words[0]} `)))
    return `Say which: ${names.join(', ')}`
  const given = words.slice(0, 2).join(' ')
  return `There is no command "${given}"${didYouMean(given, names) || `: choose from ${names.join(', ')}`}`
}

function helpFor(words: readonly string[]): string {
  const rows = rowsUnder(words)
  return `Postern's tool for authors and operators of its documents.

Usage: ${CALL} COMMAND ...

${table(rows.map(({ name, summary }) => [name, summary]))}
${CALL} COMMAND --help tells more of one.

Exit status: 0 done; 1 a document is wrong, what was asked for is not there, or a login is refused; 2 wrong usage;
3 the stored document is not the expected one, or a login cannot be decided offline; 4 a store or a gateway did not
answer.
`
}

function helpOf({ usage, summary, options }: Command): string {
  const lines = usage.map((line) => `  ${CALL} ${line}\n`).join('')
  return `${summary}.\n\nUsage:\n${lines}${options.length === 0 ? '' : `\n${table(options)}`}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
