// `postern test`: runs policy tests, for a pipeline: what each login and each workload must get from these documents. Nothing is
// fetched, and no token is printed.

import { createAttestorTable } from '../../attest/table.ts'
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { describeEncoding } from '../../config/yaml/encoding-fault.ts'
import { isError } from '../../core/issue.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import { runPolicyTests } from '../../policy-tests/run-policy-tests.ts'
import { readTestFile } from '../../policy-tests/test-file.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { readDocumentFile } from '../document.ts'
import { formatIssues } from '../format-issues.ts'
import { countFailed, type FileResults, formatJunit, formatResults } from './format-results.ts'
import { readTestDocuments } from './test-documents.ts'

const FORMATS: Readonly<Record<string, (files: readonly FileResults[], io: Io) => string>> = {
  text: formatResults,
  json: (files) => `${JSON.stringify({ passed: countFailed(files) === 0, files }, undefined, 2)}\n`,
  junit: formatJunit,
}

export const test = defineCommand({
  name: 'test',
  summary: 'Test what logins and workloads get from documents',
  arguments: [['<file...>', 'files of policy tests']],
  options: {
    format: { value: 'format', default: 'text', help: `one of ${Object.keys(FORMATS).join(', ')}` },
  },
  async run([files], { format }, io) {
    const print = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
    if (print === undefined)
      throw makeUsageStop(`--format "${format}" is not known. Expected one of: ${Object.keys(FORMATS).join(', ')}`)
    const results: FileResults[] = []
    for (const file of files) results.push(await runFile(file, io))
    io.out(print(results, io))
    return countFailed(results) === 0 ? EXIT.done : EXIT.refused
  },
})

/** Runs one file. @throws a {@link Stop} where it, or a document that it names, has errors; these are printed before */
async function runFile(file: string, io: Io): Promise<FileResults> {
  const bytes = await readDocumentFile(file, io)
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new Stop(EXIT.usage, `Cannot read ${file}: ${describeEncoding(bytes).message}`)
  const read = readTestFile(text)
  if (!read.ok) {
    io.err(formatIssues(read.issues, { name: file, text }, io))
    throw new Stop(EXIT.usage, `${file} is not valid: no test was run`)
  }
  const documents = await readTestDocuments(file, read.file.documents, io)
  const attestors = createAttestorTable(io.attestors)
  const engine = createConditionEngine(loadPolicyVm())
  const report = await runPolicyTests({ file: read.file, text, documents, attestors, engine })
  if (report.kind === 'run') return { file, results: report.results }
  io.err(formatIssues(report.issues, { name: file, text }, io))
  for (const [index, { compiles, issues }] of report.documents.entries()) {
    const named = documents[index]
    if (!compiles && named !== undefined) io.err(formatIssues(issues.filter(isError), named, io))
  }
  throw new Stop(
    report.issues.length > 0 ? EXIT.usage : EXIT.refused,
    `${file}: no test was run, since ${report.issues.length > 0 ? 'a case cannot be met' : 'a document does not compile'}`,
  )
}
