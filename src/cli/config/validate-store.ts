// `config validate --store` without files: every document of a store, each by itself and against the others of its cluster. One
// cluster at a time is in memory, so a store of any size can be checked.
import { join } from 'node:path'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import type { Io } from '../command.ts'
import { type CompiledDocument, compileAs } from '../document.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import { formatCount } from '../terminal.ts'
import { collectFindings, findAcrossSections } from './cross-section-findings.ts'
import { listPaths, parseSectionKey } from './tree.ts'
import { formatVerdict, makeVerdict, makeVerdictJson } from './verdict.ts'

export interface StoreVerdict {
  /** Of documents with a finding; the others are only counted. */
  readonly text: string
  /** Of every document. */
  readonly files: readonly ReturnType<typeof makeVerdictJson>[]
  /** Where no gateway looks for a document. */
  readonly strangers: readonly string[]
  readonly passed: boolean
}

/**
 * Checks every document of a store.
 * @param folder - the directory of the store, for the names of its files; absent: documents are named by their keys
 */
export async function validateStore(
  store: OperatorStore,
  folder: string | undefined,
  settings: OperatorSettings,
  io: Io,
): Promise<StoreVerdict> {
  const nameOf = (path: string): string => (folder === undefined ? path : join(folder, `${path}.yaml`))
  const paths = await listPaths(store)
  const strangers = paths.filter((path) => parseSectionKey(path) === undefined).map(nameOf)
  const texts = strangers.map(
    (name) => `${name}: no gateway reads it: expected clusters/<id>/<Section> or trust-domain/<Section>\n`,
  )
  const files: StoreVerdict['files'][number][] = []
  for (const group of groupByScope(paths)) {
    const documents = await compileGroup(group, store, nameOf, settings)
    const across = findAcrossSections(documents)
    for (const document of documents) {
      const found: readonly LocatedIssue[] = collectFindings(document, across.get(document), io.clock())
      const verdict = makeVerdict(document, found)
      if (found.length > 0) texts.push(formatVerdict(verdict, io))
      files.push(makeVerdictJson(verdict))
    }
  }
  const failed = files.filter(({ valid }) => !valid).length
  const warned = files.filter(({ valid, warnings }) => valid && warnings.length > 0).length
  const words = `${formatCount(files.length, 'document')}, ${failed} not valid, ${warned} with warnings\n`
  return { text: texts.join('') + words, files, strangers, passed: failed + strangers.length === 0 && files.length > 0 }
}

/** The paths of each cluster together, and those of the trust domain. */
function groupByScope(paths: readonly string[]): Iterable<readonly string[]> {
  return Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf('/'))).values()
}

async function compileGroup(
  paths: readonly string[],
  store: OperatorStore,
  nameOf: (path: string) => string,
  settings: OperatorSettings,
): Promise<readonly CompiledDocument[]> {
  const documents: CompiledDocument[] = []
  for (const path of paths) {
    const key = parseSectionKey(path)
    // Deleted since it was listed: no document any more.
    const bytes = key === undefined ? undefined : await store.read(key.text)
    if (key !== undefined && bytes !== undefined) documents.push(await compileAs(key, nameOf(path), bytes, settings))
  }
  return documents
}
