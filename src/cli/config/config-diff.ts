// `postern config diff`: what a file would change of the stored document. Status 1 if anything, as `diff` has it.

import { digestOf, shortDigest } from '../../core/digest.ts'
import { printable } from '../../core/printable.ts'
import { checkScope, readFlags, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, usageStop } from '../command.ts'
import { readDocumentFile, sectionOf } from '../document.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'
import { paint } from '../terminal.ts'
import { type Edit, hunksBetween } from './line-diff.ts'

export const configDiff: Command = {
  name: 'config diff',
  usage: [`config diff cluster --id ID ${STORE_USAGE} FILE`, `config diff trust-domain ${STORE_USAGE} FILE`],
  summary: 'Show what a file would change of the stored document; status 1 if they differ',
  options: [...TARGET_HELP, ...STORE_HELP],
  run: diff,
}

const STYLES = { '-': 'red', '+': 'green', ' ': 'dim' } as const

async function diff(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, { ...TARGET_OPTIONS, ...STORE_OPTIONS })
  const { target, rest } = readTarget(positionals, values.id)
  const [file, another] = rest
  if (file === undefined || another !== undefined) throw usageStop('Name one file')
  const bytes = await readDocumentFile(file, io)
  const section = sectionOf(bytes)
  if (section === undefined) throw usageStop(`${file} is of no known section: see \`config validate ${file}\``)
  checkScope(target, section, file)
  const key = target.keyOf(section)
  const { store } = await openStore(values, io)
  const stored = await store.read(key.text)
  if (stored !== undefined && (await digestOf(stored)) === (await digestOf(bytes))) return EXIT.done

  const was = stored === undefined ? 'absent' : shortDigest(await digestOf(stored))
  io.out(
    paint(`--- ${key.text} (${was})\n+++ ${printable(file)} (${shortDigest(await digestOf(bytes))})\n`, 'bold', io),
  )
  for (const { header, edits } of hunksBetween(textOf(stored), textOf(bytes))) {
    io.out(`${header}\n${edits.map((edit) => lineText(edit, io)).join('')}`)
  }
  return EXIT.refused
}

function lineText({ kind, line }: Edit, io: Io): string {
  const isEnded = line.endsWith('\n')
  const shown = paint(`${kind}${printableColumns(isEnded ? line.slice(0, -1) : line)}`, STYLES[kind], io)
  return `${shown}\n${isEnded ? '' : '\\ No newline at end of file\n'}`
}

/** Tabs stay: they are what an author sees. */
function printableColumns(line: string): string {
  return line
    .split('\t')
    .map((part) => printable(part))
    .join('\t')
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
