// `postern config diff`: compares a file with the stored document. Status 1 if they differ, like `diff`.

import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff'
import { readClaimedSection } from '../../config/compile/claimed-section.ts'
import { computeDigest, shortenDigest } from '../../core/digest.ts'
import { DIFF_EDITS_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { checkScope, readTarget, SCOPE, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { readDocumentFile } from '../document.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { paint } from '../terminal.ts'

export const configDiff = defineCommand({
  name: 'diff',
  summary: 'Show what a file would change of the stored document; status 1 if they differ',
  arguments: [SCOPE, ['<file>', 'the document to compare with the stored one']],
  options: { ...TARGET_OPTIONS, ...STORE_OPTIONS },
  async run([scope, file], values, io) {
    const target = readTarget(scope, values.id)
    const bytes = await readDocumentFile(file, io)
    const section = readClaimedSection(bytes)
    if (section === undefined)
      throw makeUsageStop(`The section of ${file} is missing or unknown: run \`config validate ${file}\``)
    checkScope(target, section, file)
    const key = target.keyOf(section)
    const { store } = await openStore(values, io)
    const stored = await store.read(key.text)
    if (stored !== undefined && (await computeDigest(stored)) === (await computeDigest(bytes))) return EXIT.done

    const was = stored === undefined ? 'absent' : shortenDigest(await computeDigest(stored))
    io.out(
      paint(
        `--- ${key.text} (${was})\n+++ ${printable(file)} (${shortenDigest(await computeDigest(bytes))})\n`,
        'bold',
        io,
      ),
    )
    const lines = compareLines(decodeText(stored), decodeText(bytes))
    io.out(lines.map((line) => `${paintLine(line, io)}\n`).join(''))
    return EXIT.refused
  },
})

const CONTEXT_LINES = 3

/**
 * Lists the lines of a unified diff. To bound time and memory, more than {@link DIFF_EDITS_MAX} differing lines are shown as
 * the whole old document removed and the whole new one added.
 */
function compareLines(before: string, after: string): readonly string[] {
  const compare = (a: string, b: string) => structuredPatch('', '', a, b)
  const options = { context: CONTEXT_LINES, maxEditLength: DIFF_EDITS_MAX }
  const patch = structuredPatch('', '', before, after, undefined, undefined, options)
  const patches = patch === undefined ? [compare(before, ''), compare('', after)] : [patch]
  // Every line of a hunk begins with a mark, so an empty line is only the end of the output.
  return patches.flatMap((one) => formatPatch(one, OMIT_HEADERS).split('\n')).filter((line) => line !== '')
}

const STYLES: ReadonlyMap<string, 'red' | 'green' | 'dim'> = new Map([
  ['-', 'red'],
  ['+', 'green'],
  [' ', 'dim'],
])

/** Colours one line and escapes its control characters, except for tabs. */
function paintLine(line: string, io: Io): string {
  const shown = line.split('\t').map((part) => printable(part))
  const style = STYLES.get(line.charAt(0))
  return style === undefined ? shown.join('\t') : paint(shown.join('\t'), style, io)
}

function decodeText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
