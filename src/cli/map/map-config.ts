// Reads the documents of one cluster for `postern map` from a directory: a store (`clusters/ID/Section.yaml`), or a folder
// with the sections of one cluster (`Section.yaml`).
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { SectionValues } from '../../config/compile/compile.ts'
import {
  CLUSTER_ID_WORDS,
  type ClusterId,
  clusterKey,
  type DocumentKey,
  parseClusterId,
  trustDomainKey,
} from '../../config/document-key.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import type { SectionName } from '../../config/sections/table.ts'
import { DEFAULT_WORKLOAD_ATTESTATION } from '../../config/sections/workload-attestation.ts'
import { isError } from '../../core/issue.ts'
import { NAMED_CLUSTERS_MAX } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import type { ClusterConfig } from '../../gateway/cluster-config.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import { compileAs, readDocumentIfPresent } from '../document.ts'
import { formatIssues } from '../format-issues.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import { readRevocations } from '../revocations-beside.ts'

export interface ReadCluster {
  readonly clusterId: ClusterId
  readonly config: ClusterConfig
}

/** The folders with the documents of a cluster and of its trust domain. */
export interface Layout {
  readonly clusterId: ClusterId
  readonly clusterFolder: string
  readonly trustDomainFolder: string
}

/**
 * Reads and compiles the documents of one cluster.
 * @param withAgents - whether the caller is an agent; only then does the gateway read the policies of agents
 * @throws {@link Stop} if a document does not compile, after printing every issue
 */
export async function readCluster(
  directory: string,
  { id, withAgents }: { readonly id: string | undefined; readonly withAgents: boolean },
  settings: OperatorSettings,
  io: Io,
): Promise<ReadCluster> {
  const { clusterId, clusterFolder, trustDomainFolder } = await findLayout(resolve(io.directory, directory), id)
  const files = await listNames(clusterFolder)
  if (!files.some((name) => name.endsWith('.yaml'))) {
    throw makeUsageStop(`${clusterFolder} contains no .yaml files: name a directory with the documents of a cluster`)
  }

  const read = <Name extends SectionName>(folder: string, key: DocumentKey<Name>) =>
    readSectionFile(folder, key, settings, io)
  const [trustDomain, cluster, workloadAttestation, issuance] = [
    await read(trustDomainFolder, trustDomainKey('TrustDomain')),
    await read(clusterFolder, clusterKey(clusterId, 'Cluster')),
    await read(clusterFolder, clusterKey(clusterId, 'WorkloadAttestation')),
    await read(clusterFolder, clusterKey(clusterId, 'SVIDIssuancePolicy')),
  ]
  const revocations = [
    await readRevocations(join(trustDomainFolder, 'Revocations.yaml'), trustDomainKey('Revocations'), settings, io),
    clusterFolder === trustDomainFolder
      ? undefined
      : await readRevocations(
          join(clusterFolder, 'Revocations.yaml'),
          clusterKey(clusterId, 'Revocations'),
          settings,
          io,
        ),
  ].filter((document) => document !== undefined)
  const agentPolicies = withAgents ? await read(clusterFolder, clusterKey(clusterId, 'AgentAttestation')) : undefined
  return {
    clusterId,
    config: {
      trustDomain,
      cluster: cluster ?? DEFAULT_CLUSTER,
      workloadAttestation: workloadAttestation ?? DEFAULT_WORKLOAD_ATTESTATION,
      issuance,
      revocations,
      ...(agentPolicies === undefined ? {} : { agentPolicies }),
    },
  }
}

/**
 * Reads and compiles `<Section>.yaml` in a folder; `undefined` if there is no such file.
 * @throws a {@link Stop} if it does not compile, after printing its issues
 */
export async function readSectionFile<Name extends SectionName>(
  folder: string,
  key: DocumentKey<Name>,
  settings: OperatorSettings,
  io: Io,
): Promise<SectionValues[Name] | undefined> {
  const file = join(folder, `${key.section}.yaml`)
  const bytes = await readDocumentIfPresent(file)
  if (bytes === undefined) return undefined
  const document = await compileAs(key, relative(io.directory, file), bytes, settings)
  // The key determines the type of the value.
  if (document.result.ok) return document.result.value as SectionValues[Name]
  io.err(formatIssues(document.issues.filter(isError), document, io))
  throw new Stop(
    EXIT.refused,
    `${document.name} does not compile: the gateway would keep the previous version in force`,
  )
}

/** Finds the folders of a cluster: `directory` is a store, or the folder of one cluster. @throws a usage {@link Stop} */
export async function findLayout(directory: string, id: string | undefined): Promise<Layout> {
  const names = await listNames(directory)
  if (names.includes('clusters')) {
    const clusters = (await listNames(join(directory, 'clusters'))).filter((name) => parseClusterId(name) !== undefined)
    const [only = '', ...others] = clusters
    if (id === undefined && (only === '' || others.length > 0)) {
      throw makeUsageStop(`Missing --cluster. Expected one of: ${clusters.slice(0, NAMED_CLUSTERS_MAX).join(', ')}`)
    }
    const clusterId = checkId(id ?? only)
    const clusterFolder = join(directory, 'clusters', clusterId)
    return { clusterId, clusterFolder, trustDomainFolder: join(directory, 'trust-domain') }
  }
  const isInStore = basename(dirname(directory)) === 'clusters'
  return {
    clusterId: checkId(id ?? basename(directory)),
    clusterFolder: directory,
    trustDomainFolder: isInStore ? join(directory, '..', '..', 'trust-domain') : directory,
  }
}

function checkId(text: string): ClusterId {
  const id = parseClusterId(text)
  if (id !== undefined) return id
  throw makeUsageStop(`"${text}" is not a cluster id (${CLUSTER_ID_WORDS}): add --cluster ID`)
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    throw makeUsageStop(`Cannot read the directory ${folder}: ${describeError(error)}`)
  }
}
