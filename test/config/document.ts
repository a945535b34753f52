// How the tests of sections compile a document and write down what is wrong with it.

import { type CompileResult, compileDocument, type SectionValues } from '../../src/config/compile/compile.ts'
import type { CompileContext } from '../../src/config/compile/section-context.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { LocatedIssue } from '../../src/config/yaml/located-issue.ts'
import { COMPILE_CONTEXT } from './compile-context.ts'

export function compile<Name extends SectionName>(
  section: Name,
  text: string,
  change: Partial<CompileContext> = {},
): CompileResult<SectionValues[Name]> {
  return compileDocument(section, new TextEncoder().encode(text), { ...COMPILE_CONTEXT, ...change })
}

/** `line:column code path`, as the tables write it. */
export function brief({ line, column, code, path }: LocatedIssue): string {
  return `${line}:${column} ${code} ${path.join('.')}`.trim()
}

/** Everything that was found: issues of a document that does not compile, warnings of one that does. */
export function found(result: CompileResult<unknown>): readonly string[] {
  return (result.ok ? result.warnings : result.issues).map(brief)
}

/** A valid document with one change: the text `from`, which must be there, replaced by `to`. */
export function changed(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the baseline has no ${JSON.stringify(from)}`)
  return text.replace(from, () => to)
}

/** The milliseconds of CPU that `work` takes on this thread: what else the machine does is not counted. */
export function cpuMillisOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
