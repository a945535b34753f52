// What the documents of many clusters take of memory, to their text. A process of its own for each figure.
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import type { BenchOptions } from '../options.ts'
import { compare, median } from '../pairs.ts'
import type { Row, Table } from '../report.ts'
import type { HeldMemory } from './held-memory.ts'

const CLUSTERS = [10, 100, 1_000, 10_000] as const
/** The count hardly moves between runs. */
const RUNS_MAX = 3
const MEBIBYTE = 1024 * 1024

export async function measureMemory({ pairs }: BenchOptions): Promise<Table> {
  const rows: Row[] = []
  for (const clusters of CLUSTERS) {
    const runs: HeldMemory[] = []
    while (runs.length < Math.min(pairs, RUNS_MAX)) runs.push(await run(clusters))
    const ratio = compare(
      runs.map(({ heldBytes, documentBytes }) => ({ first: heldBytes, second: documentBytes })),
      (bytes) => bytes,
    )
    rows.push({
      what: `${clusters.toLocaleString('en-US')} clusters`,
      ratios: { 'held to stored': ratio },
      figures: {
        'held, MiB': median(runs.map(({ heldBytes }) => heldBytes)) / MEBIBYTE,
        'stored, MiB': (runs[0]?.documentBytes ?? 0) / MEBIBYTE,
        'held per cluster, kB': median(runs.map(({ heldBytes }) => heldBytes)) / clusters / 1000,
        'whole process, MiB': median(runs.map(({ rssBytes }) => rssBytes)) / MEBIBYTE,
      },
    })
  }
  return {
    id: 'memory',
    title: 'Memory by clusters',
    note: 'Node, each cluster asked once with a document of 10 policies: what is held after a garbage collection, to the bytes stored. What is compiled has a bound in number and in bytes; beyond it the least used is dropped.',
    rows,
  }
}

async function run(clusters: number): Promise<HeldMemory> {
  const args = ['--expose-gc', 'test/bench/cold/held-memory.ts', String(clusters)]
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
}
