// Commands as a newcomer types them: in a folder, with none of what `npm run` gave this process.
import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import process from 'node:process'
import { stopGroup } from '../../src/cli/store/wrangler.ts'
import { StepFailed } from './steps.ts'

/** The end of what a command printed, for the reason of a failure. */
const TAIL_LENGTH = 2000

/** The environment of a shell: without settings of npm, and without the programs of this checkout. */
export function makeShellEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$|VITEST)/.test(name))
  const path = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !/[\\/]node_modules[\\/]|[\\/]node-gyp-bin$/.test(folder))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter), NO_COLOR: '1' }
}

export interface Running {
  readonly child: ChildProcess
  /** Everything printed so far. */
  readonly printed: () => string
}

/** Starts a command in a process group of its own. */
export function start(folder: string, command: string, args: readonly string[]): Running {
  let text = ''
  const child = spawn(command, args, {
    cwd: folder,
    env: makeShellEnvironment(process.env),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  return { child, printed: () => text }
}

/**
 * Waits until something printed is as wanted.
 *
 * @param read what is wanted of the output so far; absent: not there yet
 * @throws {StepFailed} if the command ends before, or the time is over
 */
export function waitFor<T>(
  { child, printed }: Running,
  read: (printed: string) => T | undefined,
  withinMillis: number,
): Promise<T> {
  return new Promise((found, fail) => {
    const look = (): void => {
      const value = read(printed())
      if (value === undefined) return
      end()
      found(value)
    }
    const give = (why: string): void => {
      end()
      fail(new StepFailed(`${why}\n${printed().slice(-TAIL_LENGTH)}`))
    }
    const onEnd = (): void => give(`it ended with ${child.exitCode ?? child.signalCode}`)
    const onError = (error: Error): void => give(error.message)
    const timer = setTimeout(() => give('the time is over'), withinMillis)
    function end(): void {
      clearTimeout(timer)
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', look)
      child.off('close', onEnd).off('error', onError)
    }
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', look)
    child.on('close', onEnd).on('error', onError)
    look()
    // It may have ended before anybody waited.
    if (child.stdout?.closed === true) onEnd()
  })
}

/** Runs a command to its end. @throws {StepFailed} if it fails, or the time is over */
export async function run(
  folder: string,
  command: string,
  args: readonly string[],
  withinMillis: number,
): Promise<string> {
  const running = start(folder, command, args)
  const timer = setTimeout(() => void stopGroup(running.child), withinMillis)
  const status = await new Promise<number | string>((ended, fail) => {
    running.child.once('error', fail)
    running.child.once('close', (code, signal) => ended(code ?? signal ?? ''))
  }).finally(() => clearTimeout(timer))
  if (status !== 0) throw new StepFailed(`${command} ended with ${status}\n${running.printed().slice(-TAIL_LENGTH)}`)
  return running.printed()
}
