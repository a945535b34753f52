// A newcomer's first minutes: clone, two commands, a SPIFFE ID, the page open. Everything that is started here is ended here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopGroup } from '../../src/cli/store/wrangler.ts'
import { askAgain } from './ask-again.ts'
import { type DemoOutput, readDemoOutput } from './demo-output.ts'
import { admittedBy, openPage } from './open-page.ts'
import { type Running, run, start, waitFor } from './run-command.ts'
import { createStopwatch, type Step, StepFailed } from './steps.ts'

const END_MILLIS = 20_000

/**
 * Takes the steps.
 *
 * @param checkout the repository whose HEAD is cloned
 * @param isHere without the clone and `npm ci`, in the checkout itself
 */
export async function takeFirstMinutes(checkout: string, isHere: boolean): Promise<readonly Step[]> {
  const watch = createStopwatch(() => performance.now())
  const temporary = isHere ? undefined : mkdtempSync(join(tmpdir(), 'postern-newcomer-'))
  const folder = temporary === undefined ? checkout : join(temporary, 'postern')
  let demo: Running | undefined
  let gateway: string | undefined
  try {
    if (temporary !== undefined) {
      const clone = ['clone', '--quiet', checkout, folder]
      await watch.take(
        '`git clone`',
        () => run(temporary, 'git', clone, watch.leftMillis()),
        () => 'the files of HEAD',
      )
      const install = (): Promise<string> => run(folder, 'npm', ['ci'], watch.leftMillis())
      await watch.take('`npm ci`', install, describeInstallation)
    }
    const told = await watch.take(
      '`npm start`, until a pod has its SPIFFE ID',
      () => {
        demo = start(folder, 'npm', ['start'])
        return waitFor(demo, readIdentity, watch.leftMillis())
      },
      ({ spiffeId }) => `\`${spiffeId}\``,
    )
    gateway = told?.gateway
    if (told === undefined || demo === undefined) return watch.steps
    const running: Running = demo
    await watch.take(
      'the same question again, over HTTP',
      async () => expectSame(await askAgain(folder, told), told.spiffeId, 'the gateway answers'),
      () => 'the same SPIFFE ID',
    )
    await watch.take(
      'the printed page, until it shows the verdict',
      async () => {
        const { page, policy } = await waitFor(running, readPage, watch.leftMillis())
        const seen = await openPage(page, watch.leftMillis())
        expectSame(seen.spiffeId, told.spiffeId, 'the page shows')
        return expectSame(seen.verdict, admittedBy(policy), 'the page says')
      },
      (verdict) => `${verdict}, and the same SPIFFE ID`,
    )
    return watch.steps
  } finally {
    if (demo !== undefined) await endDemo(demo, gateway)
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
}

function describeInstallation(printed: string): string {
  return /added \d+ packages/.exec(printed)?.[0] ?? 'the packages'
}

type Identified = Required<Pick<DemoOutput, 'gateway' | 'issuer' | 'cluster' | 'spiffeId'>>

function readIdentity(printed: string): Identified | undefined {
  const { gateway, issuer, cluster, spiffeId } = readDemoOutput(printed)
  if (gateway === undefined || issuer === undefined || cluster === undefined || spiffeId === undefined) return undefined
  return { gateway, issuer, cluster, spiffeId }
}

function readPage(printed: string): Required<Pick<DemoOutput, 'page' | 'policy'>> | undefined {
  const { page, policy } = readDemoOutput(printed)
  return page === undefined || policy === undefined ? undefined : { page, policy }
}

function expectSame(actual: string, expected: string, what: string): string {
  if (actual !== expected) throw new StepFailed(`${what} ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`)
  return actual
}

/** Ends the demo, and waits until its gateway has ended too: npm ends before what it has started. */
async function endDemo({ child }: Running, gateway: string | undefined): Promise<void> {
  await stopGroup(child)
  const end = performance.now() + END_MILLIS
  while (gateway !== undefined && performance.now() < end) {
    const answers = await fetch(`${gateway}/healthz`).then(
      () => true,
      () => false,
    )
    if (!answers) return
    await new Promise((wait) => setTimeout(wait, 100))
  }
}
