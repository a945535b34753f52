// Defines commands: a command has arguments, options and a function to run; a family groups commands under one first word.
// commander parses the arguments, prints the help and reports usage errors from these definitions.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ExitCode, type Io, Stop } from './command.ts'

/** Positional arguments in order: `<name>` is required, `[name]` is optional, and `...` in the last one takes all that follow. */
export type Arguments = readonly (readonly [name: `<${string}>` | `[${string}]`, help: string])[]

/** A flag. With `value`, the name of its value in the help, it takes a non-empty string; without, it is true or absent. */
export interface OptionRow {
  readonly value?: string
  readonly help: string
  /** A missing flag is a usage error. */
  readonly required?: true
  /** The value if the flag is absent. */
  readonly default?: string
  /** Names of flags that exclude this one, without their dashes. */
  readonly conflicts?: readonly string[]
}

/** By the name of the flag, without its dashes. */
export type Options = Readonly<Record<string, OptionRow>>

type Words<A extends Arguments> = {
  readonly [Index in keyof A]: A[Index][0] extends `${string}...${string}`
    ? readonly string[]
    : A[Index][0] extends `<${string}>`
      ? string
      : string | undefined
}

export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { readonly value: string }
    ? O[Name] extends { readonly required: true } | { readonly default: string }
      ? string
      : string | undefined
    : true | undefined
}

/** A row of the table: a command, or a family of them. */
export interface Row {
  readonly name: string
  /** Adds the row below `parent`. A command that has run either calls `end` with its exit code, or throws. */
  readonly addTo: (parent: Command, io: Io, end: (exitCode: ExitCode) => void) => void
}

/**
 * Defines a family: commands that share their first word, such as `config set` and `config get`.
 * @example
 * export const keys = defineFamily({ name: 'keys', summary: 'Make and rotate secrets', rows: [keysNew, keysRotate] })
 */
export function defineFamily(family: {
  readonly name: string
  readonly summary: string
  readonly rows: readonly Row[]
}): Row {
  const { name, summary, rows } = family
  return {
    name,
    addTo(parent, io, end) {
      const command = parent.command(name).description(summary)
      for (const row of rows) row.addTo(command, io, end)
    },
  }
}

/**
 * Defines one command.
 * @param row - `name` is the word to type, `summary` one line of help. `run` receives the positional arguments in order, the
 *   flags by name (a string, or `true`; `undefined` if absent) and the {@link Io} of the process. It returns the exit
 *   code, and throws a {@link Stop} to end with a message
 * @returns a row for the table of commands or for {@link defineFamily}
 * @example
 * export const hello = defineCommand({
 *   name: 'hello',
 *   summary: 'Greet somebody',
 *   arguments: [['<name>', 'the name to greet']],
 *   options: { loud: { help: 'use capitals' } },
 *   async run([name], { loud }, io) {
 *     io.out(`${loud === true ? name.toUpperCase() : name}\n`)
 *     return EXIT.done
 *   },
 * })
 */
export function defineCommand<const A extends Arguments, const O extends Options>(row: {
  readonly name: string
  readonly summary: string
  readonly arguments: A
  readonly options: O
  readonly run: (words: Words<A>, values: Values<O>, io: Io) => Promise<ExitCode>
}): Row {
  const { name, summary, run } = row
  return {
    name,
    addTo(parent, io, end) {
      const command = parent.command(name).description(summary)
      for (const [word, help] of row.arguments) command.argument(word, help)
      for (const [flag, option] of Object.entries(row.options)) command.addOption(makeOption(flag, option))
      command.showHelpAfterError(`\nUsage: ${command.createHelp().commandUsage(command)}\n(add --help for the options)`)
      command.action(async () => {
        try {
          // commander has just checked the arguments against the same declarations.
          const words = command.processedArgs as unknown as Words<A>
          end(await run(words, command.opts<Values<O>>(), io))
        } catch (error) {
          if (error instanceof Stop && error.showsUsage) command.error(error.message)
          throw error
        }
      })
    },
  }
}

function makeOption(flag: string, { value, help, required, conflicts, default: fallback }: OptionRow): Option {
  const option = new Option(value === undefined ? `--${flag}` : `--${flag} <${value}>`, help)
  // commander would rename `--env-file` to envFile; here a value keeps the name of its flag.
  option.attributeName = () => flag
  if (fallback !== undefined) option.default(fallback)
  if (value !== undefined) option.argParser(checkValue)
  return option.makeOptionMandatory(required === true).conflicts([...(conflicts ?? [])])
}

/**
 * In `--actor --validate-only` the actor is missing: reading the flag as the actor would write what was only to be checked.
 * An empty `--store "$DIR"` would mean the current directory.
 */
function checkValue(text: string): string {
  if (text === '') throw new InvalidArgumentError('A value must not be empty')
  if (!/^-./.test(text)) return text
  throw new InvalidArgumentError('A value must not begin with "-": it may be missing before the next flag')
}
