// `postern config validate`: reports every issue of documents before they are stored.
import { HOST_NAMES, type HostName } from '../../attest/host-features.ts'
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { hasScope, type SectionName } from '../../config/sections/table.ts'
import type { TrustDomainSettings } from '../../config/sections/trust-domain.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import { shortenDigest } from '../../core/digest.ts'
import { isError } from '../../core/issue.ts'
import { printable } from '../../core/printable.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { type CompiledDocument, compileFile, readDocumentFile } from '../document.ts'
import { countIssues, formatIssues, makeIssuesJson } from '../format-issues.ts'
import { openStoreAddress } from '../store/open-address.ts'
import { readSettingsFor } from '../store/store-option.ts'
import { formatCount, paint } from '../terminal.ts'
import { collectFindings, findAcrossSections } from './cross-section-findings.ts'
import { parseSectionKey } from './tree.ts'
import { checkClusters, formatClusters, type RefusedCluster, readListing } from './unlisted-clusters.ts'

export const configValidate = defineCommand({
  name: 'validate',
  summary: 'Check documents before they are stored, and those of one cluster against each other',
  arguments: [['[file...]', 'documents; may be omitted with --store']],
  options: {
    store: {
      value: 'dir|url',
      help: 'list the clusters of this store whose mapping the TrustDomain document refuses: the given one, or the stored one',
    },
    host: { value: 'name', help: `also report what this host cannot do: ${HOST_NAMES.join(', ')}` },
    ...JSON_OPTION,
    'env-file': {
      value: 'file',
      help: 'read ISSUER_URL, ALLOW_LOOPBACK_ISSUERS and PRIVATE_ISSUERS from it, if not in the environment',
    },
  },
  async run([files], values, io) {
    if (files.length === 0 && values.store === undefined)
      throw makeUsageStop('Missing files to validate: name them, or add --store DIR')
    const settings = await readSettingsFor(values, io, readHost(values.host))
    const store = values.store === undefined ? undefined : await openStoreAddress('--store', values.store, io)
    const documents: CompiledDocument[] = []
    for (const file of files) {
      const bytes = await readDocumentFile(file, io)
      documents.push(
        await compileFile(file, bytes, (section) => parseKeyFromPath(file) ?? makeDefaultKey(section), settings),
      )
    }
    const listing = store === undefined ? undefined : await readListing(documents, store, settings, io)
    if (listing !== undefined && !documents.includes(listing)) documents.push(listing)

    const across = new Map<CompiledDocument, readonly LocatedIssue[]>()
    for (const group of groupByCluster(documents)) {
      const sections = new Set(group.map(({ key }) => key.section))
      if (sections.size < 2) continue
      if (sections.size === group.length) {
        for (const [document, issues] of findAcrossSections(group)) across.set(document, issues)
      } else {
        io.err('Not checked across sections: a section is given twice, so it is unclear which files belong together\n')
      }
    }
    const verdicts = documents.map((document) =>
      makeVerdict(document, collectFindings(document, across.get(document), io.clock())),
    )
    const clusters =
      store === undefined || listing?.result.ok !== true
        ? undefined
        : await checkClusters(listing, listing.result.value as TrustDomainSettings, store, settings, io)
    const passed = verdicts.every((verdict) => verdict.passed) && clusters?.passed !== false
    const refused = clusters?.clusters ?? []
    if (values.json === true) io.out(formatVerdictsJson(verdicts, passed, store === undefined ? undefined : refused))
    else io.out(formatVerdicts(verdicts, io) + formatClusters(refused))
    return passed ? EXIT.done : EXIT.refused
  },
})

function readHost(name: string | undefined): HostName | undefined {
  const host = HOST_NAMES.find((known) => known === name)
  if (name !== undefined && host === undefined)
    throw makeUsageStop(`Unknown host "${name}". Expected one of: ${HOST_NAMES.join(', ')}`)
  return host
}

/** One file: the compiled document, and all findings, including those across sections. */
interface Verdict {
  readonly document: CompiledDocument
  readonly found: readonly LocatedIssue[]
  readonly passed: boolean
}

/** The key that a file's path names in a directory of documents; `undefined` for any other path. */
function parseKeyFromPath(file: string): DocumentKey<SectionName> | undefined {
  const path = file.split(/[/\\]/).join('/')
  if (!path.endsWith('.yaml')) return undefined
  const words = path.slice(0, -'.yaml'.length).split('/')
  return parseSectionKey(words.slice(-3).join('/')) ?? parseSectionKey(words.slice(-2).join('/'))
}

/** A key for a file outside such a directory. The cluster id does not affect how a document compiles. */
function makeDefaultKey(section: SectionName): DocumentKey<SectionName> {
  const clusterId = parseClusterId('any')
  if (clusterId === undefined) throw new Error('unreachable')
  return hasScope(section, 'cluster') ? clusterKey(clusterId, section) : trustDomainKey(section)
}

/** Groups documents by cluster: one group per folder of a directory of documents; all other files form one group. */
function groupByCluster(documents: readonly CompiledDocument[]): readonly (readonly CompiledDocument[])[] {
  const groups = new Map<string, CompiledDocument[]>()
  for (const document of documents) {
    if (document.key.clusterId === undefined) continue
    const folder = parseKeyFromPath(document.name) === undefined ? '' : document.name.replace(/[^/\\]*$/, '')
    groups.set(folder, [...(groups.get(folder) ?? []), document])
  }
  return [...groups.values()]
}

function makeVerdict(document: CompiledDocument, found: readonly LocatedIssue[]): Verdict {
  // A document that denies every login compiles, but is almost always a mistake.
  const passed = document.result.ok && !found.some((issue) => isError(issue) || issue.code === 'deny_all')
  return { document, found, passed }
}

function formatVerdicts(verdicts: readonly Verdict[], io: Io): string {
  const lines = verdicts.map(({ document, found, passed }) => {
    const mark = passed ? paint('valid', 'green', io) : paint('not valid', 'red', io)
    const what = passed ? `${document.key.section}, ${shortenDigest(document.digest)}` : countIssues(found)
    return `${formatIssues(found, document, io)}${printable(document.name)}: ${mark} (${what})\n`
  })
  const failed = verdicts.filter(({ passed }) => !passed).length
  const sum = verdicts.length > 1 ? `${formatCount(verdicts.length, 'file')}, ${failed} not valid\n` : ''
  return lines.join('') + sum
}

function formatVerdictsJson(
  verdicts: readonly Verdict[],
  passed: boolean,
  clusters: readonly RefusedCluster[] | undefined,
): string {
  const files = verdicts.map(({ document, found, passed }) => {
    const { name, key, digest } = document
    return { file: name, section: key.section, valid: passed, digest, ...makeIssuesJson(key.section, digest, found) }
  })
  return `${JSON.stringify({ valid: passed, files, clusters }, undefined, 2)}\n`
}
