// What it takes to compile a document, by its size, to JSON.parse of the same text.
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { COMPILE_CONTEXT } from '../../config/compile-context.ts'
import { agentsDocument, strangers } from '../documents.ts'
import type { BenchOptions } from '../options.ts'
import type { Row, Table } from '../report.ts'
import { compareWork } from '../spent.ts'

const SIZES = [1, 10, 50, 100, 1_000, 10_000] as const

export async function measureCompiling(options: BenchOptions): Promise<Table> {
  const rows: Row[] = []
  for (const count of SIZES) {
    const text = agentsDocument(strangers(count))
    const bytes = encodeUtf8(text)
    const compile = (): void => {
      const result = compileDocument('AgentAttestation', bytes, COMPILE_CONTEXT)
      if (!result.ok) throw new Error(JSON.stringify(result.issues))
    }
    const row = await compareWork(
      {
        what: `${count} ${count === 1 ? 'policy' : 'policies'}`,
        first: compile,
        second: () => JSON.parse(text),
        names: ['compile', 'JSON.parse'],
      },
      options,
    )
    rows.push({ ...row, figures: { ...row.figures, 'document, kB': bytes.length / 1000 } })
  }
  return {
    id: 'compile',
    title: 'Compiling a document',
    note: 'In process on Node, warm: the strict reading of YAML, the checks of all policies, and their compiled form, to `JSON.parse` of the same text. Done once for each version of a document.',
    rows,
  }
}
