// `npm run attacks -- --costs`: what requests and documents cost, counted in this process, as the tables of docs/security.md.
// CPU is that of this process, the small part of the sender included.
import { type Counted, countKind, createCountingGateway, PORTS, startCpu } from './counting.ts'
import { measureDocuments } from './document-costs.ts'
import { measureIssuer } from './issuer-costs.ts'
import { type Issuers, startIssuers } from './issuers.ts'
import type { Costs, Kind } from './kind.ts'
import { KINDS, listDocuments } from './kinds.ts'
import { pause } from './load.ts'
import { makeLogin } from './tokens.ts'

const HEAD = ['store reads', 'writes', 'fetches', 'audit record', 'answer', 'body read', 'CPU, ms', 'to a good login']
const KIND_MAX_MILLIS = 120_000
const WARM_UP_LOGINS = 300
const MEASURED_LOGINS = 1_000

/** Yields whether every kind could be counted. */
export async function printCosts(): Promise<boolean> {
  const issuers = await startIssuers()
  const login = await measureLogin(issuers)
  const counted = new Map<Kind, Counted>()
  let failures = 0
  // A fault in a callback would end a gateway; here it ends the count of one kind.
  process.on('uncaughtException', (error) => console.error(String(error)))
  for (const kind of KINDS.filter(({ wire }) => wire === undefined)) {
    const result = await Promise.race([countKind(kind, issuers), pause(KIND_MAX_MILLIS)])
    if (result !== undefined) counted.set(kind, result)
    else {
      failures++
      console.error(`${kind.name} was not counted: a request has not ended`)
    }
  }
  const claims = await measureIssuer(issuers)
  await issuers.close()
  const all = [...counted.values()]
  const findMost = (pick: (one: Counted) => Costs): Costs => all.map(pick).reduce(maxOf)
  const documents = measureDocuments()

  printTable(['counted, the most of any one', ...HEAD])
  for (const [{ name }, { each, cpuMillis }] of counted) printRow(name, each, cpuMillis, login.cpuMillis)
  console.log('')
  printTable(['one document', 'bytes', 'compiles', 'CPU, ms', 'memory, MiB'])
  for (const { name, bytes, isCompiled, cpuMillis, memoryMebibytes } of documents)
    console.log(`| ${name} | ${bytes} | ${isCompiled} | ${cpuMillis.toFixed(0)} | ${memoryMebibytes.toFixed(1)} |`)
  console.log('')
  printTable(['at most', ...HEAD])
  printRow('a good login, warm', login.costs, login.cpuMillis, login.cpuMillis)
  printRow(
    '**one anonymous request**',
    findMost(({ each }) => each),
    maxCpu(all),
    login.cpuMillis,
  )
  printRow(
    'the same sent again',
    findMost(({ again }) => again),
    maxCpu(all, 'againCpuMillis'),
    login.cpuMillis,
  )
  for (const { name, status, costs, cpuMillis } of claims)
    printRow(`**one issuer's request**: ${name} (${status})`, costs, cpuMillis, login.cpuMillis)
  const cpuMillis = Math.max(...documents.map((document) => document.cpuMillis))
  const memory = Math.max(...documents.map(({ memoryMebibytes }) => memoryMebibytes))
  console.log(
    `| **one document**, once a version; ${memory.toFixed(0)} MiB of memory | 2 | 1 | 0 | - | - | - | ${cpuMillis.toFixed(0)} | ${(cpuMillis / login.cpuMillis).toFixed(0)} |`,
  )
  return failures === 0
}

async function measureLogin(issuers: Issuers): Promise<{ readonly costs: Costs; readonly cpuMillis: number }> {
  const [kind] = KINDS
  if (kind === undefined) throw new Error('there are no kinds')
  const gateway = await createCountingGateway(listDocuments(kind, issuers.origin, 'small'), Date.now)
  const request = makeLogin('base', await issuers.mint())
  for (let done = 0; done < WARM_UP_LOGINS; done++) await gateway.send(request)
  const readCpu = startCpu()
  let costs = (await gateway.send(request)).costs
  for (let done = 1; done < MEASURED_LOGINS; done++) costs = maxOf(costs, (await gateway.send(request)).costs)
  return { costs, cpuMillis: readCpu() / MEASURED_LOGINS }
}

function maxOf(one: Costs, other: Costs): Costs {
  return Object.fromEntries(PORTS.map((port) => [port, Math.max(one[port], other[port])])) as unknown as Costs
}

function maxCpu(all: readonly Counted[], which: 'cpuMillis' | 'againCpuMillis' = 'cpuMillis'): number {
  return Math.max(...all.map((counted) => counted[which]))
}

function printTable(columns: readonly string[]): void {
  console.log(`| ${columns.join(' | ')} |\n|---|${'--:|'.repeat(columns.length - 1)}`)
}

function printRow(name: string, costs: Costs, cpuMillis: number, loginMillis: number): void {
  const { reads, writes, fetches, auditBytes, answerBytes, bodyBytes } = costs
  const cells = [
    name,
    reads,
    writes,
    fetches,
    ...[auditBytes, answerBytes, bodyBytes].map(describeBytes),
    cpuMillis.toFixed(2),
    (cpuMillis / loginMillis).toFixed(1),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

function describeBytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1024).toFixed(0)} KiB`
}
