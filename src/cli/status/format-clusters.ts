// Sorts, counts and prints the status of many clusters.
import type { ClusterSummary } from '../../config/live/section-status.ts'
import { printable } from '../../core/printable.ts'
import type { Io } from '../command.ts'
import { describeVersions, formatIssueLine, type Standing } from '../config/format-section.ts'
import { formatCount, paint } from '../terminal.ts'

export interface Counts {
  readonly clusters: number
  readonly unhealthy: number
  /** Healthy, with warnings. */
  readonly warned: number
  readonly healthy: number
}

/**
 * Sorts by what an operator must see first: clusters with nothing in force, or of which nothing is known, then the other
 * unhealthy ones, those with more errors first, then warnings.
 */
export function sortWorstFirst(clusters: readonly ClusterSummary[]): readonly ClusterSummary[] {
  const ranked = clusters.map((cluster) => ({ cluster, ranks: rank(cluster) }))
  ranked.sort((a, b) => {
    const at = a.ranks.findIndex((value, index) => value !== b.ranks[index])
    return at === -1 ? compareText(a.cluster.clusterId, b.cluster.clusterId) : (b.ranks[at] ?? 0) - (a.ranks[at] ?? 0)
  })
  return ranked.map(({ cluster }) => cluster)
}

export function countClusters(clusters: readonly ClusterSummary[]): Counts {
  const unhealthy = clusters.filter(({ health }) => health === 'UNHEALTHY').length
  const warned = clusters.filter((cluster) => cluster.health === 'HEALTHY' && sum(cluster, 'warnings') > 0).length
  return { clusters: clusters.length, unhealthy, warned, healthy: clusters.length - unhealthy - warned }
}

/** Lists what is not in order; clusters without findings are counted only. */
export function formatClusters(
  clusters: readonly ClusterSummary[],
  counts: Counts,
  standing: Standing,
  io: Io,
): string {
  const shown = clusters.filter((cluster) => cluster.health === 'UNHEALTHY' || sum(cluster, 'warnings') > 0)
  const blocks = shown.map((cluster) => {
    const isBad = cluster.health === 'UNHEALTHY'
    const health = isBad ? paint('UNHEALTHY', 'red', io) : paint('HEALTHY  ', 'green', io)
    const sections = cluster.sections.filter((section) => section.health === 'UNHEALTHY')
    const lines = sections.map((section) => {
      const issue = section.issue === undefined ? '' : `  ${formatIssueLine(section.issue, paint('error', 'red', io))}`
      return `    ${printable(section.section)}: ${describeVersions(section, standing)}\n${issue}`
    })
    const found = `${formatCount(sum(cluster, 'errors'), 'error')}, ${formatCount(sum(cluster, 'warnings'), 'warning')}`
    return `${health}  ${paint(`clusters/${printable(cluster.clusterId)}`, 'bold', io)}  ${found}\n${lines.join('')}`
  })
  const { unhealthy, warned, healthy } = counts
  const total = `${formatCount(counts.clusters, 'cluster')}: ${unhealthy} unhealthy, ${warned} healthy with warnings, ${healthy} healthy`
  return `${blocks.join('')}${total}\n`
}

function rank(cluster: ClusterSummary): readonly number[] {
  const { sections, health } = cluster
  const isDown = ({ stored, appliedDigest }: (typeof sections)[number]): boolean =>
    stored === 'unknown' || (stored === 'present' && appliedDigest === undefined)
  return [
    health === 'UNHEALTHY' ? 1 : 0,
    sections.filter(isDown).length,
    sections.filter((section) => section.health === 'UNHEALTHY').length,
    sum(cluster, 'errors'),
    sum(cluster, 'warnings'),
  ]
}

function sum({ sections }: ClusterSummary, count: 'errors' | 'warnings'): number {
  return sections.reduce((total, section) => total + section[count], 0)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a !== b)
}
