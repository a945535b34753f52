// `postern config apply`: brings a store to the state of a tree of documents, such as a checkout of a git repository. All
// documents are checked before the first is written, so a tree with a mistake changes nothing.
import { resolve } from 'node:path'
import type { Scope } from '../../config/document-key.ts'
import { computeDigest, shortenDigest } from '../../core/digest.ts'
import { EXIT, type ExitCode, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { countIssues, formatIssues } from '../format-issues.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { type OpenedStore, openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { CHANGE_OPTIONS, readActor } from './actor.ts'
import { buryRecord } from './bury-record.ts'
import { makeChange } from './change.ts'
import { type Change, type ChangeReview, reviewChanges } from './review-changes.ts'
import { listDocuments, readTree, type TreeDocument } from './tree.ts'

export const configApply = defineCommand({
  name: 'apply',
  summary: 'Store every document of a tree that differs from the stored one; with --prune, delete those that it lacks',
  arguments: [['<tree>', 'a directory with trust-domain/<Section>.yaml and clusters/<id>/<Section>.yaml']],
  options: {
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    prune: { help: 'delete stored documents that the tree does not have, except Revocations' },
    'dry-run': { help: 'check everything, print what would change, and write nothing' },
    actor: CHANGE_OPTIONS.actor,
  },
  async run([tree], values, io) {
    const actor = readActor(values.actor, io)
    const documents = await readTree(tree, io)
    const opened = await openStore(values, io)
    const { store } = opened
    if (values.store !== undefined && resolve(io.directory, values.store) === resolve(io.directory, tree))
      throw makeUsageStop(`${tree} is the store itself: name the directory that holds the new documents`)
    const state = await openStateStore(values, store, io)
    const isDry = values['dry-run'] === true
    const apply = async (): Promise<ExitCode> => {
      const plan = await makePlan(documents, values.prune === true, store)
      if (!(await passesReview(plan, opened, io))) return EXIT.refused
      for (const change of plan.changes) {
        if (isDry) io.out(`${change.key.text}: ${await describe(change, plan)}\n`)
        else io.out(`${change.key.text}: ${await write(change, plan)}\n`)
      }
      const deleted = plan.changes.filter(({ bytes }) => bytes === undefined).length
      const set = plan.changes.length - deleted
      const sum = `${set} set, ${deleted} deleted, ${documents.length - set} unchanged`
      io.out(isDry ? `A dry run; it would be: ${sum}\n` : `${sum}\n`)
      return EXIT.done
    }
    const write = async (change: Change, { stored }: Plan): Promise<string> => {
      const action = change.bytes === undefined ? 'delete' : 'set'
      const options = { action, actor, expected: undefined, validateOnly: false } as const
      const outcome = await makeChange(change, stored.get(change.key.text), options, store, io)
      if (action === 'delete') await buryRecord(change.key, state, opened.settings, io)
      return outcome
    }
    return isDry ? apply() : store.exclusively(apply)
  },
})

interface Plan {
  /** What differs, in the order in which it is written. */
  readonly changes: readonly Change[]
  /** What the scopes of the changes hold now, by key. */
  readonly stored: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/**
 * Compares the tree with the store. The trust domain is written before clusters, since their policies refer to it; what is
 * deleted goes last and in the other order.
 */
async function makePlan(documents: readonly TreeDocument[], prunes: boolean, store: OperatorStore): Promise<Plan> {
  const inTree = new Set(documents.map(({ key }) => key.text))
  const surplus = prunes
    ? (await listDocuments(store))
        // It is kept by `postern revoke`, often in a hurry and never in git: pruning it would admit who was revoked.
        .filter((key) => !inTree.has(key.text) && key.section !== 'Revocations')
        .map((key): Change => ({ key, name: key.text, bytes: undefined }))
    : []
  const stored = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const scope of listScopes([...documents, ...surplus]))
    for (const [key, bytes] of await store.readAll(scope)) stored.set(key, bytes)

  const sets: Change[] = []
  for (const document of documents) {
    const before = stored.get(document.key.text)
    if (before === undefined || (await computeDigest(before)) !== (await computeDigest(document.bytes)))
      sets.push(document)
  }
  return { changes: [...sets.sort(trustDomainFirst), ...surplus.sort(trustDomainFirst).reverse()], stored }
}

/** Reviews each scope for itself, as `config set` does. Prints every finding, also of scopes after a refused one. */
async function passesReview({ changes, stored }: Plan, { settings }: OpenedStore, io: Io): Promise<boolean> {
  const reviews: ChangeReview[] = []
  for (const scope of listScopes(changes)) {
    const own = changes.filter(({ key }) => key.scope === scope)
    const storedHere = new Map([...stored].filter(([key]) => key.startsWith(`${scope}/`)))
    reviews.push(await reviewChanges(own, storedHere, settings, io))
  }
  const reports = reviews.flatMap((review) => review.reports)
  for (const { document, issues } of reports) io.err(formatIssues(issues, document, io))
  if (reviews.every(({ refused }) => !refused)) return true
  io.err(`Nothing was written: ${countIssues(reports.flatMap(({ issues }) => issues))}\n`)
  return false
}

async function describe({ key, bytes }: Change, { stored }: Plan): Promise<string> {
  const before = stored.get(key.text)
  const was = before === undefined ? '' : ` (is ${shortenDigest(await computeDigest(before))})`
  return bytes === undefined ? `would be deleted${was}` : `would be set to ${await computeDigest(bytes)}${was}`
}

const listScopes = (changes: readonly Change[]): readonly Scope[] => [...new Set(changes.map(({ key }) => key.scope))]

function trustDomainFirst({ key: a }: Change, { key: b }: Change): number {
  return Number(a.clusterId !== undefined) - Number(b.clusterId !== undefined) || (a.text < b.text ? -1 : 1)
}
