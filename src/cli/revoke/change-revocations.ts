// Changes a Revocations document so that no other operator's change is lost: read, edit, compare, write, read again.
import type { DocumentKey } from '../../config/document-key.ts'
import { computeDigest } from '../../core/digest.ts'
import { CHANGE_TRIES_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { decodeUtf8, encodeUtf8 } from '../../core/utf8.ts'
import type { RevocationSet } from '../../policy/revocation/revocation-set.ts'
import { EXIT, type ExitCode, type Io, Stop } from '../command.ts'
import { makeChanges } from '../config/change.ts'
import { compileAs } from '../document.ts'
import type { OpenedStore } from '../store/store-option.ts'

/** The document as it is stored; `undefined` if there is none. */
export interface StoredRevocations {
  readonly text: string
  readonly set: RevocationSet
}

/** What a change makes of the document. */
export type Edited =
  /** The document is as it should be. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'text'; readonly text: string }
  /** Nothing is left of it. */
  | { readonly kind: 'absent' }

export interface RevocationChange {
  /** Pure: it may run several times, on what other operators have written meanwhile. */
  readonly edit: (stored: StoredRevocations | undefined) => Edited
  readonly actor: string
}

/**
 * Applies the change, and repeats it on what is stored then if another operator wrote at the same time.
 * @returns the exit code; whether anything was written
 * @throws {@link Stop} if the stored document does not compile, or cannot be edited
 */
export async function changeRevocations(
  key: DocumentKey<'Revocations'>,
  { edit, actor }: RevocationChange,
  opened: OpenedStore,
  io: Io,
): Promise<{ readonly exitCode: ExitCode; readonly written: boolean }> {
  let written = false
  for (let tries = 0; tries < CHANGE_TRIES_MAX; tries++) {
    const bytes = await opened.store.read(key.text)
    const edited = edit(await readStored(key, bytes, opened, io))
    if (edited.kind === 'unchanged') return { exitCode: EXIT.done, written }
    if (written) io.err(`${key.text} was written by somebody else at the same time: the change is made again\n`)
    const change = { key, name: key.text, bytes: edited.kind === 'absent' ? undefined : encodeUtf8(edited.text) }
    const expected = bytes === undefined ? 'absent' : await computeDigest(bytes)
    const options = {
      action: edited.kind === 'absent' ? 'delete' : 'set',
      actor,
      expected,
      validateOnly: false,
    } as const
    try {
      const exitCode = await makeChanges([change], options, opened, io)
      if (exitCode !== EXIT.done) return { exitCode, written }
      written = true
    } catch (error) {
      // Somebody else wrote between the read and the write: the change is made on that.
      if (!(error instanceof Stop) || error.exitCode !== EXIT.conflict) throw error
    }
  }
  throw new Stop(
    EXIT.conflict,
    `${key.text} in ${opened.store.name} is changed by others all the time: run the command again`,
  )
}

/** Reads the document. @throws {@link Stop} if it does not compile: an edit of it would not come into force. */
export async function readStored(
  key: DocumentKey<'Revocations'>,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  { store, settings }: OpenedStore,
  io: Io,
): Promise<StoredRevocations | undefined> {
  if (bytes === undefined) return undefined
  const { result, issues } = await compileAs(key, key.text, bytes, settings)
  // The key determines the type of the value.
  if (result.ok) return { text: decodeUtf8(bytes) ?? '', set: result.value as RevocationSet }
  const [first] = issues
  if (first !== undefined) io.err(`${key.text}:${first.line}:${first.column}: ${printable(first.message)}\n`)
  throw new Stop(
    EXIT.refused,
    `${key.text} in ${store.name} does not compile: mend it first, with \`config get\` and \`config set\``,
  )
}
