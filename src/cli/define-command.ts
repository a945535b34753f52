// The rows of the tool: a command is its arguments, its options and the function that it runs; a family is a folder of
// commands. commander parses what a person types, prints help and refuses: a row states each word and flag once.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ExitCode, type Io, Stop } from './command.ts'

/** Positional words in order. `<name>` is required, `[name]` is optional, and `...` in the last one takes all that follow. */
export type Arguments = readonly (readonly [name: `<${string}>` | `[${string}]`, help: string])[]

/** A flag. One with a `value`, which names it in the help, takes a string; one without is true or absent. */
export interface OptionRow {
  readonly value?: string
  readonly help: string
  /** The command cannot run without it. */
  readonly required?: true
  /** Used where it is absent. */
  readonly default?: string
  /** Flags that cannot be given with it, without their dashes. */
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
  /** Adds the row below `parent`. A command that has run calls `end` with its exit code, or throws. */
  readonly addTo: (parent: Command, io: Io, end: (exitCode: ExitCode) => void) => void
}

/** Commands that share their first word: `config set`, `config get`. */
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

/** One command. `run` receives its words and flags as commander has read them, and throws a {@link Stop} to end early. */
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
          // commander has just held the words against the same declarations.
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
  // commander would call `--env-file` envFile; here a value has the name that a person types.
  option.attributeName = () => flag
  if (fallback !== undefined) option.default(fallback)
  if (value !== undefined) option.argParser(checkValue)
  return option.makeOptionMandatory(required === true).conflicts([...(conflicts ?? [])])
}

/**
 * `--actor --validate-only` forgot the actor: taking the flag for a name would write what was only to be checked. An empty
 * `--store "$DIR"` would be the folder that the person is in.
 */
function checkValue(text: string): string {
  if (text === '') throw new InvalidArgumentError('A value must not be empty')
  if (!/^-./.test(text)) return text
  throw new InvalidArgumentError('A value must not begin with "-": it may be missing before the next flag')
}
