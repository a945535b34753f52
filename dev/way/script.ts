// Places in one loaded file of src/: which function a place belongs to, and where the debugger can stop at its start.
import type { Debugger, Session } from 'node:inspector'
import type { RunFunction } from './run-functions.ts'

/** Zero-based, as V8 counts. */
export interface Place {
  readonly lineNumber: number
  readonly columnNumber?: number | undefined
}

export interface Script {
  /** The innermost function around a place, whether it ran or not; `undefined` for the module itself. */
  at(place: Place): RunFunction | undefined
  /** Of each function that ran, the first place where the debugger can stop. */
  readonly starts: ReadonlyMap<RunFunction, Debugger.Location>
}

/** `functions`: all of this script. A session of the same thread answers before `post` returns. */
export function readScript(session: Session, scriptId: string, functions: readonly RunFunction[]): Script {
  const lines = [0]
  session.post('Debugger.getScriptSource', { scriptId }, (error, { scriptSource }) => {
    if (error !== null) throw error
    for (const { index } of scriptSource.matchAll(/\n/g)) lines.push(index + 1)
  })

  function at({ lineNumber, columnNumber = 0 }: Place): RunFunction | undefined {
    const offset = (lines[lineNumber] ?? 0) + columnNumber
    let innermost: RunFunction | undefined
    for (const one of functions) {
      // A place at its start is that of the assignment of it; one at its end is the return of an arrow without braces.
      const isAround = one.start > 0 && one.start < offset && offset <= one.end
      if (isAround && one.start >= (innermost?.start ?? 0)) innermost = one
    }
    return innermost
  }

  const starts = new Map<RunFunction, Debugger.Location>()
  session.post(
    'Debugger.getPossibleBreakpoints',
    { start: { scriptId, lineNumber: 0, columnNumber: 0 } },
    (error, { locations }) => {
      if (error !== null) throw error
      for (const location of locations) {
        const owner = at(location)
        if (owner !== undefined && owner.calls > 0 && !starts.has(owner)) starts.set(owner, location)
      }
    },
  )
  return { at, starts }
}
