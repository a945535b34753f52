// A tree of documents, laid out as a store: `trust-domain/<Section>.yaml` and `clusters/<id>/<Section>.yaml`. Everything
// beside these two folders is left alone, such as a README or `.git`.
import { join, resolve } from 'node:path'
import { type DocumentKey, parseDocumentKey } from '../../config/document-key.ts'
import { hasScope, isSectionName, type SectionName } from '../../config/sections/table.ts'
import { type Io, makeUsageStop } from '../command.ts'
import { readDocumentFile } from '../document.ts'
import { openDirectoryStore } from '../store/directory-store.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import type { Change } from './review-changes.ts'

/** Of a tree: never a deletion. */
export type TreeDocument = Change & { readonly bytes: Uint8Array<ArrayBuffer> }

const FOLDERS = ['trust-domain', 'clusters'] as const

/**
 * Reads every document of a tree, ordered by key.
 * @throws a usage {@link Stop} for a YAML file in a place that no gateway reads, which its author believes in force; and for a tree
 *   without documents, which with `--prune` would delete everything
 */
export async function readTree(tree: string, io: Io): Promise<readonly TreeDocument[]> {
  const source = await openDirectoryStore(resolve(io.directory, tree))
  const documents: TreeDocument[] = []
  for (const path of await listPaths(source)) {
    const name = join(tree, `${path}.yaml`)
    const key = parseSectionKey(path)
    if (key === undefined)
      throw makeUsageStop(
        `No gateway reads ${name}: expected trust-domain/<Section>.yaml or clusters/<id>/<Section>.yaml, with a section of that scope`,
      )
    documents.push({ key, name, bytes: await readDocumentFile(name, io) })
  }
  if (documents.length === 0)
    throw makeUsageStop(
      `${tree} has no documents: expected trust-domain/<Section>.yaml or clusters/<id>/<Section>.yaml in it`,
    )
  return documents
}

/** The keys of the documents of a store that a gateway reads. */
export async function listDocuments(store: OperatorStore): Promise<readonly DocumentKey<SectionName>[]> {
  return (await listPaths(store)).map(parseSectionKey).filter((key) => key !== undefined)
}

/** The paths below the two folders that a gateway reads, ordered. */
export async function listPaths(store: OperatorStore): Promise<readonly string[]> {
  const lists = await Promise.all(FOLDERS.map((folder) => store.list(folder)))
  return lists.flat().sort()
}

/** Parses a key as a store spells it; `undefined` unless a gateway reads it: a known section, in its scope. */
export function parseSectionKey(path: string): DocumentKey<SectionName> | undefined {
  const key = parseDocumentKey(path)
  if (key === undefined || !isSectionName(key.section)) return undefined
  const isItsScope = hasScope(key.section, key.clusterId === undefined ? 'trust-domain' : 'cluster')
  return isItsScope ? (key as DocumentKey<SectionName>) : undefined
}
