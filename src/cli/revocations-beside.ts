// The Revocations documents that apply to a file of policies: those that lie beside it, as a store of documents has them.
import { basename, dirname, join, relative, resolve } from 'node:path'
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import { isError } from '../core/issue.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import type { RevocationSet } from '../policy/revocation/revocation-set.ts'
import { EXIT, type Io, Stop } from './command.ts'
import { compileAs, readDocumentIfPresent } from './document.ts'
import { formatIssues } from './format-issues.ts'
import type { OperatorSettings } from './operator-settings.ts'

/**
 * Reads `Revocations.yaml` in a folder of documents, and in `trust-domain/` if the folder is that of a cluster in a store.
 *
 * @param folder - the folder with the documents of a cluster or of the trust domain
 * @param kind - whose documents it has
 * @throws a {@link Stop} if one of them does not compile, after printing its issues: the gateway would go on with a version
 *   that is not here
 */
export async function readRevocationsBeside(
  folder: string,
  kind: 'cluster' | 'trust-domain',
  settings: OperatorSettings,
  io: Io,
): Promise<readonly ScopedRevocations[]> {
  const isInStore = basename(dirname(folder)) === 'clusters'
  const clusterId = parseClusterId(isInStore ? basename(folder) : 'any')
  if (kind === 'trust-domain' || clusterId === undefined)
    return list([await readRevocations(join(folder, FILE), trustDomainKey('Revocations'), settings, io)])
  return list([
    isInStore
      ? await readRevocations(
          join(folder, '..', '..', 'trust-domain', FILE),
          trustDomainKey('Revocations'),
          settings,
          io,
        )
      : undefined,
    await readRevocations(join(folder, FILE), clusterKey(clusterId, 'Revocations'), settings, io),
  ])
}

const FILE = 'Revocations.yaml'

/** Reads one document; `undefined` if there is no such file. Its entries are named by the file. */
export async function readRevocations(
  file: string,
  key: DocumentKey<'Revocations'>,
  settings: OperatorSettings,
  io: Io,
): Promise<ScopedRevocations | undefined> {
  const name = relative(io.directory, resolve(io.directory, file))
  const bytes = await readDocumentIfPresent(resolve(io.directory, file))
  if (bytes === undefined) return undefined
  const { result, issues, ...document } = await compileAs(key, name, bytes, settings)
  // The key determines the type of the value.
  if (result.ok) return { document: name, set: result.value as RevocationSet }
  io.err(formatIssues(issues.filter(isError), document, io))
  throw new Stop(EXIT.refused, `${name} does not compile: the gateway would keep the previous version in force`)
}

function list(documents: readonly (ScopedRevocations | undefined)[]): readonly ScopedRevocations[] {
  return documents.filter((document) => document !== undefined)
}
