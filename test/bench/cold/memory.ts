// What the documents of many clusters take of memory, to their text. A process of its own for each figure.
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { heavyDocuments } from '../../config/heavy-documents.ts'
import type { BenchOptions } from '../options.ts'
import { compare, median } from '../pairs.ts'
import type { Row, Table } from '../report.ts'
import type { HeldMemory } from './held-memory.ts'

const CLUSTERS = [10, 100, 1_000, 10_000] as const
/** The count hardly moves between runs. */
const RUNS_MAX = 3
const HEAVY_CLUSTERS = 60
const MEBIBYTE = 1024 * 1024

export async function measureMemory({ pairs, isShort }: BenchOptions): Promise<Table> {
  const rows: Row[] = []
  for (const clusters of CLUSTERS) {
    const runs: HeldMemory[] = []
    while (runs.length < Math.min(pairs, RUNS_MAX)) runs.push(await run(clusters))
    rows.push(rowOf(`${clusters.toLocaleString('en-US')} clusters of 10 policies`, clusters, runs))
  }
  const heavy = isShort ? [] : heavyDocuments(0).filter(({ section }) => section === 'AgentAttestation')
  for (const { what } of heavy)
    rows.push(rowOf(`${HEAVY_CLUSTERS} clusters: ${what}`, HEAVY_CLUSTERS, [await run(HEAVY_CLUSTERS, what)]))
  return {
    id: 'memory',
    title: 'Memory by clusters',
    note: 'Node, each cluster asked once: what is held after a garbage collection, to the bytes stored. What is compiled has a bound in number and in bytes, beyond which the least used is dropped. Below the line of 10,000, unless `--short`: documents made to be heavy, near the largest that a document may be.',
    rows,
  }
}

function rowOf(what: string, clusters: number, runs: readonly HeldMemory[]): Row {
  const held = median(runs.map(({ heldBytes }) => heldBytes))
  const pairs = runs.map(({ heldBytes, documentBytes }) => ({ first: heldBytes, second: documentBytes }))
  return {
    what,
    ratios: { 'held to stored': compare(pairs, (bytes) => bytes) },
    figures: {
      'held, MiB': held / MEBIBYTE,
      'stored, MiB': (runs[0]?.documentBytes ?? 0) / MEBIBYTE,
      'held per cluster, kB': held / clusters / 1000,
      'whole process, MiB': median(runs.map(({ rssBytes }) => rssBytes)) / MEBIBYTE,
    },
  }
}

async function run(clusters: number, ...kind: readonly string[]): Promise<HeldMemory> {
  const args = ['--expose-gc', 'test/bench/cold/held-memory.ts', String(clusters), ...kind]
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
}
