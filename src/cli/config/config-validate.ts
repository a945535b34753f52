// `postern config validate`: reports every issue of documents before they are stored.
import { HOST_NAMES, type HostName } from '../../attest/host-features.ts'
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { hasScope, type SectionName } from '../../config/sections/table.ts'
import type { TrustDomainSettings } from '../../config/sections/trust-domain.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import { isDirectoryAddress } from '../../runtime/redis/store-address.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { type CompiledDocument, compileFile, readDocumentFile } from '../document.ts'
import { openStoreAddress } from '../store/open-address.ts'
import { readSettingsFor } from '../store/store-option.ts'
import { formatCount } from '../terminal.ts'
import { collectFindings, findAcrossSections } from './cross-section-findings.ts'
import { parseSectionKey } from './tree.ts'
import { checkClusters, formatClusters, readListing } from './unlisted-clusters.ts'
import { validateStore } from './validate-store.ts'
import { formatVerdict, makeVerdict, makeVerdictJson, type Verdict } from './verdict.ts'

export const configValidate = defineCommand({
  name: 'validate',
  summary: 'Check documents before they are stored, and those of one cluster against each other; or a whole store',
  arguments: [['[file...]', 'documents; may be omitted with --store']],
  options: {
    store: {
      value: 'dir|url',
      help: 'without files: check every document of this store; with files: list the clusters whose mapping the given TrustDomain document refuses',
    },
    host: { value: 'name', help: `also report what this host cannot do: ${HOST_NAMES.join(', ')}` },
    ...JSON_OPTION,
    'env-file': {
      value: 'file',
      help: 'read ISSUER_URL, ALLOW_LOOPBACK_ISSUERS, PRIVATE_ISSUERS and WEBHOOKS from it, if not in the environment',
    },
  },
  async run([files], values, io) {
    if (files.length === 0 && values.store === undefined)
      throw makeUsageStop('Missing files to validate: name them, or add --store DIR')
    const settings = await readSettingsFor(values, io, readHost(values.host))
    const store = values.store === undefined ? undefined : await openStoreAddress('--store', values.store, io)
    const whole =
      store === undefined || files.length > 0
        ? undefined
        : await validateStore(store, isDirectoryAddress(values.store ?? '') ? values.store : undefined, settings, io)
    const documents: CompiledDocument[] = []
    for (const file of files) {
      const bytes = await readDocumentFile(file, io)
      documents.push(
        await compileFile(file, bytes, (section) => parseKeyFromPath(file) ?? makeDefaultKey(section), settings),
      )
    }
    const listing = store === undefined ? undefined : await readListing(documents, store, settings, io)
    if (listing !== undefined && !documents.includes(listing) && whole === undefined) documents.push(listing)

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
    const isValid = whole?.passed ?? verdicts.every((verdict) => verdict.passed)
    const passed = isValid && clusters?.passed !== false
    const refused = clusters?.clusters ?? []
    if (values.json === true) {
      const report = {
        valid: passed,
        files: whole?.files ?? verdicts.map(makeVerdictJson),
        strangers: whole?.strangers,
      }
      io.out(`${JSON.stringify({ ...report, clusters: store === undefined ? undefined : refused }, undefined, 2)}\n`)
    } else io.out((whole?.text ?? formatVerdicts(verdicts, io)) + formatClusters(refused))
    return passed ? EXIT.done : EXIT.refused
  },
})

function readHost(name: string | undefined): HostName | undefined {
  const host = HOST_NAMES.find((known) => known === name)
  if (name !== undefined && host === undefined)
    throw makeUsageStop(`Unknown host "${name}". Expected one of: ${HOST_NAMES.join(', ')}`)
  return host
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

function formatVerdicts(verdicts: readonly Verdict[], io: Io): string {
  const failed = verdicts.filter(({ passed }) => !passed).length
  const sum = verdicts.length > 1 ? `${formatCount(verdicts.length, 'file')}, ${failed} not valid\n` : ''
  return verdicts.map((verdict) => formatVerdict(verdict, io)).join('') + sum
}
