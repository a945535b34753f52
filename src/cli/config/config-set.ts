// `postern config set`: checks documents and stores them. The replaced version goes to the history; `--expected-digest`
// prevents replacing a version that the author has not seen.

import { readClaimedSection } from '../../config/compile/claimed-section.ts'
import { checkScope, readExpected, readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { compileFile, readDocumentFile } from '../document.ts'
import { formatIssues } from '../format-issues.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { formatCount } from '../terminal.ts'
import { CHANGE_OPTIONS, readActor, VALIDATE_ONLY_OPTION } from './actor.ts'
import { makeChanges } from './change.ts'
import type { Change } from './review-changes.ts'

export const configSet = defineCommand({
  name: 'set',
  summary: 'Store documents, after checking them beside the stored sections; the old version goes to the history',
  arguments: [SCOPE, ['<file...>', 'the documents to store']],
  options: { ...TARGET_OPTIONS, ...STORE_OPTIONS, ...VALIDATE_ONLY_OPTION, ...CHANGE_OPTIONS },
  async run([scope, files], values, io) {
    const target = readTarget(scope, values.id)
    const expected = readExpected(values['expected-digest'])
    if (files.length > 1 && expected !== undefined)
      throw makeUsageStop('--expected-digest applies to one document: name a single file')
    const actor = readActor(values.actor, io)

    const opened = await openStore(values, io)

    const changes: Change[] = []
    let unknownCount = 0
    for (const file of files) {
      const bytes = await readDocumentFile(file, io)
      const section = readClaimedSection(bytes)
      if (section === undefined) {
        unknownCount++
        const document = await compileFile(file, bytes, target.keyOf, opened.settings)
        io.err(formatIssues(document.issues, document, io))
        continue
      }
      checkScope(target, section, file)
      const twin = changes.find(({ key }) => key.section === section)
      if (twin !== undefined)
        throw makeUsageStop(`${twin.name} and ${file} both contain ${section}: name only one of them`)
      changes.push({ key: target.keyOf(section), name: file, bytes })
    }
    const [first, ...others] = changes
    if (first === undefined || unknownCount > 0) {
      io.err(`Nothing was written: ${formatCount(unknownCount, 'file')} without a known section\n`)
      return EXIT.refused
    }
    const options = { action: 'set', actor, expected, validateOnly: values['validate-only'] === true } as const
    return makeChanges([first, ...others], options, opened, io)
  },
})
