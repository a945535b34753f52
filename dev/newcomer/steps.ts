// The steps of a newcomer, each with the seconds that it took and what it showed, and the table of them.
import { formatTable } from '../markdown.ts'

export type StepResult = 'shown' | 'failed' | 'skipped'

export interface Step {
  /** What is done. */
  readonly name: string
  readonly seconds: number
  readonly result: StepResult
  /** What was shown, why it failed, or why it was skipped. */
  readonly what: string
}

/** README and docs/start.md promise it. */
export const LIMIT_SECONDS = 300

/** A step that did not show what it should. */
export class StepFailed extends Error {}
/** A step that this machine cannot do. */
export class StepSkipped extends Error {}

/**
 * Takes the time of steps one after the other. A step that fails, or that begins after the limit, ends the others.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createStopwatch(now: () => number, limitSeconds: number = LIMIT_SECONDS) {
  const steps: Step[] = []
  const start = now()
  const usedSeconds = (): number => (now() - start) / 1000
  return {
    steps: steps as readonly Step[],
    usedSeconds,
    leftMillis: (): number => Math.max(0, (limitSeconds - usedSeconds()) * 1000),
    /** @returns what the step yields; absent if it failed or was skipped, or an earlier one failed */
    async take<T>(name: string, run: () => Promise<T>, describe: (shown: T) => string): Promise<T | undefined> {
      if (steps.some(({ result }) => result === 'failed')) return undefined
      const begun = now()
      const add = (result: StepResult, what: string): void =>
        void steps.push({ name, seconds: (now() - begun) / 1000, result, what })
      try {
        const shown = await run()
        add('shown', describe(shown))
        return shown
      } catch (error) {
        if (!(error instanceof Error)) throw error
        add(error instanceof StepSkipped ? 'skipped' : 'failed', error.message)
        return undefined
      }
    },
  }
}

/** Whether every step showed what it should, and in time. */
export function isKept(steps: readonly Step[], limitSeconds: number = LIMIT_SECONDS): boolean {
  return steps.every(({ result }) => result !== 'failed') && sumSeconds(steps) <= limitSeconds
}

export function formatSteps(steps: readonly Step[]): string {
  return formatTable(
    ['step', 'seconds', 'what it shows'],
    [
      ...steps.map(({ name, seconds, result, what }) => [
        name,
        seconds.toFixed(1),
        result === 'shown' ? what : `${result}: ${what.split('\n')[0]}`,
      ]),
      ['all', sumSeconds(steps).toFixed(1), `at most ${LIMIT_SECONDS}`],
    ],
  )
}

function sumSeconds(steps: readonly Step[]): number {
  return steps.reduce((sum, { seconds }) => sum + seconds, 0)
}
