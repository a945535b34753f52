// `postern config set`: documents into a store, checked before, kept in the history, and never over a version that
// their author has not seen.

import { checkScope, readExpected, readFlags, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, usageStop } from '../command.ts'
import { compileFile, readDocumentFile, sectionOf } from '../document.ts'
import { issuesText } from '../print-issues.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'
import { count } from '../terminal.ts'
import { ACTOR_OPTIONS, CHANGE_HELP, readActor } from './actor.ts'
import { makeChanges } from './change.ts'
import type { Change } from './change-verdict.ts'

export const configSet: Command = {
  name: 'config set',
  usage: [
    `config set cluster --id ID ${STORE_USAGE} [--validate-only] [--expected-digest DIGEST] FILE...`,
    `config set trust-domain ${STORE_USAGE} [--validate-only] [--expected-digest DIGEST] FILE...`,
  ],
  summary: 'Store documents, after checking them beside the stored sections; the old version goes to the history',
  options: [...TARGET_HELP, ...STORE_HELP, ['--validate-only', 'check everything and write nothing'], ...CHANGE_HELP],
  run: set,
}

async function set(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    ...ACTOR_OPTIONS,
    'validate-only': { type: 'boolean' },
  })
  const { target, rest: files } = readTarget(positionals, values.id)
  const expected = readExpected(values['expected-digest'])
  if (files.length > 1 && expected !== undefined) throw usageStop('--expected-digest is of one document: name one file')
  const actor = readActor(values.actor, io)

  if (files.length === 0) throw usageStop('Name the files to store')
  const opened = await openStore(values, io)

  const changes: Change[] = []
  let strangers = 0
  for (const file of files) {
    const bytes = await readDocumentFile(file, io)
    const section = sectionOf(bytes)
    if (section === undefined) {
      strangers++
      const document = await compileFile(file, bytes, target.keyOf, opened.settings)
      io.err(issuesText(document.issues, document, io))
      continue
    }
    checkScope(target, section, file)
    const twin = changes.find(({ key }) => key.section === section)
    if (twin !== undefined) throw usageStop(`${twin.name} and ${file} are both ${section}: name one of them`)
    changes.push({ key: target.keyOf(section), name: file, bytes })
  }
  const [first, ...others] = changes
  if (first === undefined || strangers > 0) {
    io.err(`Nothing is written: ${count(strangers, 'file')} of no known section\n`)
    return EXIT.refused
  }
  const options = { action: 'set', actor, expected, validateOnly: values['validate-only'] === true } as const
  return makeChanges([first, ...others], options, opened, io)
}
