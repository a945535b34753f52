// Writes changes to a store, in this order: compare the expected digest, review against the other sections, write the
// history, write the document. So a document that does not compile is never written, and no version is lost.
import type { DocumentKey } from '../../config/document-key.ts'
import { computeDigest, shortenDigest } from '../../core/digest.ts'
import { formatInstantMillis } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { EXIT, type ExitCode, type Io, Stop } from '../command.ts'
import { countIssues, formatIssues } from '../format-issues.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import type { OpenedStore } from '../store/store-option.ts'
import { type Action, listHistory, writeHistory } from './history.ts'
import { type Change, reviewChanges } from './review-changes.ts'

export interface ChangeOptions {
  readonly action: Action
  readonly actor: string
  /** The digest that must be stored before the change, or `absent`; only with a single change. */
  readonly expected: string | undefined
  readonly validateOnly: boolean
}

/**
 * Refuses all changes if one of them is refused, else makes them one after the other.
 * @param changes - changes of one scope
 * @throws {@link Stop} with status 3 if another digest than the expected one is stored
 */
export function makeChanges(
  changes: readonly [Change, ...Change[]],
  options: ChangeOptions,
  { store, settings }: OpenedStore,
  io: Io,
): Promise<ExitCode> {
  return options.validateOnly ? change() : store.exclusively(change)

  async function change(): Promise<ExitCode> {
    const stored = await store.readAll(changes[0].key.scope)
    if (options.expected !== undefined) {
      await expectDigest(options.expected, changes[0].key, stored.get(changes[0].key.text), store)
    }
    const { reports, refused } = await reviewChanges(changes, stored, settings, io)
    for (const { document, issues } of reports) io.err(formatIssues(issues, document, io))
    if (refused) {
      io.err(`Nothing was written: ${countIssues(reports.flatMap(({ issues }) => issues))}\n`)
      return EXIT.refused
    }
    for (const change of changes) {
      const before = stored.get(change.key.text)
      if (options.validateOnly) io.out(`${change.key.text}: ${printable(change.name)} is valid; nothing was written\n`)
      else io.out(`${change.key.text}: ${await makeChange(change, before, options, store, io)}\n`)
    }
    return EXIT.done
  }
}

/** Makes one change; returns a sentence that describes the outcome. */
export async function makeChange(
  { key, bytes }: Change,
  before: Uint8Array<ArrayBuffer> | undefined,
  { action, actor, expected }: ChangeOptions,
  store: OperatorStore,
  io: Io,
): Promise<string> {
  const previousDigest = before === undefined ? undefined : await computeDigest(before)
  const digest = bytes === undefined ? undefined : await computeDigest(bytes)
  if (digest === previousDigest) return digest === undefined ? 'is not stored' : `unchanged, ${digest}`

  if (before !== undefined) await keepFound(key, before, store, io)
  const text = bytes === undefined ? undefined : decodeUtf8(bytes)
  await writeHistory(store, key, {
    action,
    key: key.text,
    time: formatInstantMillis(io.clock()),
    actor,
    ...(previousDigest === undefined ? {} : { previousDigest }),
    ...(digest === undefined || text === undefined ? {} : { version: { digest, text } }),
  })
  if (expected !== undefined && !store.exact) {
    await expectDigest(expected, key, await store.read(key.text), store)
    io.err(
      `${printable(store.name)} has no compare-and-swap: a concurrent write between the check and this write would be overwritten\n`,
    )
  }
  if (bytes === undefined) await store.delete(key.text)
  else await store.write(key.text, bytes)
  const was = previousDigest === undefined ? '' : ` (was ${shortenDigest(previousDigest)})`
  return digest === undefined ? `deleted${was}` : `set to ${digest}${was}`
}

/** Records a version that was written by other means: without a record, replacing it would lose it. */
async function keepFound(
  key: DocumentKey,
  bytes: Uint8Array<ArrayBuffer>,
  store: OperatorStore,
  io: Io,
): Promise<void> {
  const digest = await computeDigest(bytes)
  if ((await listHistory(store, key)).some((entry) => entry.digest === digest)) return
  const text = decodeUtf8(bytes)
  if (text === undefined) {
    io.err(`${key.text} is not valid UTF-8 and is not kept in the history\n`)
    return
  }
  // One millisecond before the version that replaces it, since the history is ordered by these times.
  const time = formatInstantMillis(io.clock() - 1)
  await writeHistory(store, key, { action: 'found', key: key.text, time, actor: 'unknown', version: { digest, text } })
}

async function expectDigest(
  expected: string,
  key: DocumentKey,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  store: OperatorStore,
): Promise<void> {
  const digest = bytes === undefined ? 'absent' : await computeDigest(bytes)
  if (digest === expected) return
  const there = digest === 'absent' ? 'is absent' : `has ${digest}`
  const next = 'compare it with `config diff`, then repeat the command with the digest that is stored now'
  throw new Stop(EXIT.conflict, `${key.text} in ${store.name} ${there}, not ${expected}: ${next}`)
}
