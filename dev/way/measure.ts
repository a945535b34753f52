// The way of one warm login through src/: what it runs, and the line of functions that are handed its token.
import { Session } from 'node:inspector'
import { setFlagsFromString } from 'node:v8'
import { drawLine } from './drawing.ts'
import { type RunFunction, startCounting } from './run-functions.ts'
import { watchToken } from './token-line.ts'
import { createTokenSpotter } from './token-spotter.ts'
import { startWarmGateway } from './warm-login.ts'

export interface Count {
  readonly functions: number
  readonly files: number
}

export interface LoginWay {
  readonly run: Count
  /** `file` and `name` of each function that ran, callbacks without a name left out. */
  readonly names: readonly (readonly [file: string, name: string])[]
  readonly line: Count
  readonly drawing: string
}

/** Measures two warm logins in this process: one for the counts of calls, one under the debugger for the token. */
export async function measureLoginWay(): Promise<LoginWay> {
  // V8's baseline code passes breakpoints by: see that none is made.
  setFlagsFromString('--no-sparkplug')
  const session = new Session()
  session.connect()
  const takeCounts = startCounting(session)
  const gateway = await startWarmGateway()
  try {
    const first = await gateway.mint()
    const known = takeCounts()
    await gateway.logIn(first)
    const functions = takeCounts()
    session.post('Profiler.disable')
    const token = await gateway.mint()
    const line = await watchToken(session, functions, createTokenSpotter(token), () => gateway.logIn(token))
    const run = functions.filter(({ calls }) => calls > 0)
    return {
      run: count(run),
      names: run.filter(({ name }) => name !== '').map(({ file, name }) => [file, name]),
      line: count(line.map(({ handed }) => handed)),
      drawing: drawLine(line, known),
    }
  } finally {
    session.disconnect()
    await gateway.close()
  }
}

function count(functions: readonly RunFunction[]): Count {
  return { functions: functions.length, files: new Set(functions.map(({ file }) => file)).size }
}

/** The counts and the drawing, as ARCHITECTURE.md shows them. */
export function describeLoginWay({ run, line, drawing }: LoginWay): string {
  return `One warm login runs ${run.functions} functions in ${run.files} files of \`src/\`. Of these, ${line.functions} functions in ${line.files} files are handed the token.

\`\`\`text
${drawing}
\`\`\``
}
