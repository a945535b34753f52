// Which functions are handed the token. The login runs once more, and V8's debugger stops at the start of every function
// that it runs: there the only locals that have a value are the arguments, and those are searched.
import type { Debugger, Session } from 'node:inspector'
import type { RunFunction } from './run-functions.ts'
import { type Place, readScript, type Script } from './script.ts'

export interface HandedFunction {
  readonly handed: RunFunction
  /** The functions of src/ that called it, the outermost first; of the function itself only the call at hand. */
  readonly callers: readonly RunFunction[]
}

const ASYNC_CALLERS_MAX = 64

/**
 * Those of `functions` that are handed the token, in the order in which they first are: `isToken` finds it in what is
 * reachable from an argument. A function that is not stopped at is an error, since it might have been handed it.
 */
export async function watchToken(
  session: Session,
  functions: readonly RunFunction[],
  isToken: (value: unknown) => boolean,
  work: () => Promise<void>,
): Promise<readonly HandedFunction[]> {
  const found = new Map<RunFunction, HandedFunction>()
  const awaited = new Set(functions.filter(({ calls }) => calls > 0))
  const scripts = new Map<string, Script>()

  function at(scriptId: string, place: Place): RunFunction | undefined {
    return scripts.get(scriptId)?.at(place)
  }

  session.on('Debugger.paused', ({ params: { callFrames, asyncStackTrace } }) => {
    const [frame, ...outer] = callFrames
    const handed = frame && at(frame.location.scriptId, frame.location)
    if (frame !== undefined && handed !== undefined) {
      awaited.delete(handed)
      if (!found.has(handed) && someLocal(session, frame, isToken)) {
        const stack = outer.map(({ location }) => at(location.scriptId, location))
        for (let trace = asyncStackTrace; trace !== undefined; trace = trace.parent)
          stack.push(...trace.callFrames.map((caller) => at(caller.scriptId, caller)))
        const callers = stack.filter((caller) => caller !== undefined).reverse()
        found.set(handed, { handed, callers: [...new Set(callers)].filter((caller) => caller !== handed) })
      }
    }
    session.post('Debugger.resume')
  })
  session.post('Debugger.enable')
  session.post('Debugger.setAsyncCallStackDepth', { maxDepth: ASYNC_CALLERS_MAX })
  for (const scriptId of new Set(functions.map((one) => one.scriptId))) {
    const own = functions.filter((one) => one.scriptId === scriptId)
    scripts.set(scriptId, readScript(session, scriptId, own))
  }
  for (const { starts } of scripts.values())
    for (const location of starts.values()) session.post('Debugger.setBreakpoint', { location })
  await work()
  session.post('Debugger.disable')

  const [missed] = awaited
  if (missed !== undefined) throw new Error(`The debugger did not stop at ${missed.name} in ${missed.file}`)
  return [...found.values()]
}

/** Where the debugger finds the search, which gets the locals themselves and no copies of them. */
const SEARCH = 'postern.dev.login-way'
const CALL_SEARCH = `function () { globalThis[Symbol.for('${SEARCH}')](this) }`

function someLocal(session: Session, { scopeChain }: Debugger.CallFrame, test: (value: unknown) => boolean): boolean {
  let found = false
  Reflect.set(globalThis, Symbol.for(SEARCH), (locals: object) => {
    found ||= Object.keys(locals).some((name) => test(readLocal(locals, name)))
  })
  const outermost = scopeChain.findIndex(({ type }) => type === 'local')
  for (const { object } of scopeChain.slice(0, outermost + 1)) {
    const { objectId } = object
    if (objectId === undefined) continue
    session.post('Runtime.callFunctionOn', { objectId, functionDeclaration: CALL_SEARCH }, (error, answer) => {
      if (error !== null) throw error
      if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.text)
    })
  }
  return found
}

/** A local that has no value yet throws when it is read. */
function readLocal(locals: object, name: string): unknown {
  try {
    return Reflect.get(locals, name)
  } catch {
    return undefined
  }
}
