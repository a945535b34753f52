// Which functions of src/ a piece of work runs: V8's precise coverage, which counts calls of every function.
import type { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

export interface RunFunction {
  /** Below the repository: `src/token/parse.ts`. */
  readonly file: string
  /** As V8 names it; empty for a callback without a name. */
  readonly name: string
  readonly scriptId: string
  /** Offsets in its file. */
  readonly start: number
  readonly end: number
  /** 0 of one that did not run, and stands here for its place around or within others. */
  readonly calls: number
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Starts to count calls. Each call of the result gives the functions of src/ that are known, and counts from zero again. */
export function startCounting(session: Session): () => readonly RunFunction[] {
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return function takeCounts() {
    const taken: RunFunction[] = []
    // A session of the same thread answers before `post` returns.
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error
      for (const { scriptId, url, functions } of coverage.result) {
        if (!url.startsWith('file:') || !fileURLToPath(url).startsWith(`${ROOT}src/`)) continue
        const file = fileURLToPath(url).slice(ROOT.length)
        for (const { functionName: name, ranges } of functions) {
          const [range] = ranges
          if (range === undefined) continue
          taken.push({ file, name, scriptId, start: range.startOffset, end: range.endOffset, calls: range.count })
        }
      }
    })
    return taken
  }
}
