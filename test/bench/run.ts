// `npm run bench`: prints tables in Markdown, and writes the same as JSON.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { startIssuer } from '../token/issuer.ts'
import { measureClaims } from './claims.ts'
import { measureCold } from './cold/cold.ts'
import { measureCompiling } from './cold/compile.ts'
import { measureMemory } from './cold/memory.ts'
import { measureDimensions } from './dimensions.ts'
import { measureInProcess } from './login/in-process.ts'
import { measureOverHttp } from './login/over-http.ts'
import { prepareLogin } from './login/prepare-login.ts'
import { describeMachine, readLoad } from './machine.ts'
import { type BenchOptions, readOptions } from './options.ts'
import { type Report, renderReport, type Table } from './report.ts'

const MARK = '\n<!-- tables -->\n'

const options = readOptions(process.argv.slice(2))
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`)
  process.exit(2)
}
const loadBefore = readLoad()
const takenAt = new Date().toISOString()
const tables = await measure(options)
const report: Report = {
  version: 1,
  takenAt,
  command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  machine: describeMachine(loadBefore),
  tables,
}
mkdirSync(dirname(options.jsonFile), { recursive: true })
writeFileSync(options.jsonFile, `${JSON.stringify(report, null, 2)}\n`)
const markdown = renderReport(report)
if (options.markdownFile !== undefined) insertTables(options.markdownFile, markdown)
process.stdout.write(markdown)

function insertTables(file: string, tables: string): void {
  const [before, after] = readFileSync(file, 'utf8').split(MARK)
  if (after === undefined) throw new Error(`${file} has no line${MARK}`)
  writeFileSync(file, `${before}${MARK}\n${tables}`)
}

async function measure(options: BenchOptions): Promise<readonly Table[]> {
  const issuer = await startIssuer({ alg: 'RS256' })
  const tables: Table[] = []
  try {
    const work = await prepareLogin(issuer)
    for (const host of options.hosts) {
      if (options.parts.has('login-in-process')) tables.push(await measureInProcess(host, work, options))
      if (options.parts.has('login-http')) tables.push(await measureOverHttp(host, work, options))
    }
    if (options.parts.has('dimensions')) tables.push(await measureDimensions(work.environment, options))
    if (options.parts.has('claims')) tables.push(await measureClaims(work.environment, options))
    if (options.parts.has('cold')) tables.push(await measureCold(options), await measureCompiling(options))
    if (options.parts.has('memory')) tables.push(await measureMemory(options))
  } finally {
    await issuer.stop()
  }
  return tables
}
