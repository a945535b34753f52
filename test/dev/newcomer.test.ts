// What `npm run newcomer` does without a clone: it reads the demo's output, takes the time of steps, and runs commands as a shell does. The
// demo itself is asked in test/conformance/readme.test.ts.
import { delimiter } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, it } from 'vitest'
import { formatFact, formatHeading, formatIdentity, formatStatus } from '../../dev/demo/lines.ts'
import { readDemoOutput } from '../../dev/newcomer/demo-output.ts'
import { makeShellEnvironment, type Running, run, start, waitFor } from '../../dev/newcomer/run-command.ts'
import { createStopwatch, formatSteps, isKept, StepFailed, StepSkipped } from '../../dev/newcomer/steps.ts'
import { stopGroup } from '../../src/cli/store/wrangler.ts'

const GATEWAY = 'http://127.0.0.1:8787'
const LINES = [
  formatHeading(`Postern listens on ${GATEWAY}, in workerd, with local KV`),
  formatFact('cluster', '"demo" is simulated: its OIDC issuer listens on http://127.0.0.1:8788'),
  formatHeading('An agent logs in'),
  formatFact('answer', `${formatStatus(200)} admitted by the policy k8s_policy`),
  formatFact('session', formatIdentity('spiffe://example.org/postern/agent/demo/1')),
  formatFact('SPIFFE ID', formatIdentity('spiffe://example.org/demo/ns/default/sa/web')),
  formatFact('answer', `${formatStatus(403)} namespace_not_allowed`),
  `  ${GATEWAY}/playground/#v1.abc_-`,
]
const PRINTED = `${LINES.join('\n')}\n`
const READ = {
  gateway: GATEWAY,
  issuer: 'http://127.0.0.1:8788',
  cluster: 'demo',
  spiffeId: 'spiffe://example.org/demo/ns/default/sa/web',
  policy: 'k8s_policy',
  page: `${GATEWAY}/playground/#v1.abc_-`,
}

describe('the output of the demo', () => {
  it('is read', () => expect(readDemoOutput(PRINTED)).toEqual(READ))

  it.each([
    ['gateway', 'Postern listens'],
    ['issuer', 'OIDC issuer'],
    ['cluster', 'is simulated'],
    ['spiffeId', 'SPIFFE ID'],
    ['policy', 'admitted'],
    ['page', '/playground/'],
  ])('has no %s without its line', (name, words) => {
    const without = LINES.filter((line) => !line.includes(words))
    expect(without).toHaveLength(LINES.length - 1)
    expect(readDemoOutput(`${without.join('\n')}\n`)).not.toHaveProperty(name)
  })

  it('is not read before a line is whole', () => {
    for (let length = 0; length < PRINTED.length; length++)
      expect(READ).toMatchObject(readDemoOutput(PRINTED.slice(0, length)))
  })
})

describe('the steps', () => {
  /** A clock that goes on by `seconds` with each step. */
  function makeWatch(limit = 300) {
    let now = 0
    const watch = createStopwatch(() => now, limit)
    const take = (name: string, seconds: number, error?: Error) =>
      watch.take(
        name,
        async () => {
          now += seconds * 1000
          if (error !== undefined) throw error
          return name
        },
        (shown) => `shows ${shown}`,
      )
    return { watch, take }
  }

  it('are each shown with their seconds', async () => {
    const { watch, take } = makeWatch()
    expect([await take('a', 1), await take('b', 2.25)]).toEqual(['a', 'b'])
    expect(formatSteps(watch.steps)).toContain('| a | 1.0 | shows a |\n| b | 2.3 | shows b |\n| all | 3.3 |')
    expect([isKept(watch.steps), watch.leftMillis()]).toEqual([true, 296_750])
  })

  it('end with the first that fails', async () => {
    const { watch, take } = makeWatch()
    await take('a', 1, new StepFailed('no answer\nand its output'))
    expect(await take('b', 1)).toBeUndefined()
    expect(watch.steps.map(({ name, result }) => [name, result])).toEqual([['a', 'failed']])
    expect([isKept(watch.steps), formatSteps(watch.steps)]).toEqual([
      false,
      expect.stringContaining('| failed: no answer |'),
    ])
  })

  it('go on after one that this machine cannot do', async () => {
    const { watch, take } = makeWatch()
    await take('a', 1, new StepSkipped('no browser'))
    await take('b', 1)
    expect(watch.steps.map(({ result }) => result)).toEqual(['skipped', 'shown'])
    expect([isKept(watch.steps), formatSteps(watch.steps)]).toEqual([
      true,
      expect.stringContaining('skipped: no browser'),
    ])
  })

  it.each([
    [299, true],
    [301, false],
  ])('of %s s are in time: %s', async (seconds, expected) => {
    const { watch, take } = makeWatch()
    await take('a', seconds)
    expect(isKept(watch.steps)).toBe(expected)
  })
})

describe('a command', () => {
  let running: Running | undefined
  afterEach(async () => {
    if (running !== undefined) await stopGroup(running.child)
    running = undefined
  })
  const node = (script: string): readonly [string, readonly string[]] => [process.execPath, ['-e', script]]

  it('is waited for until it prints', async () => {
    running = start('.', ...node('console.log("begun"); setInterval(() => console.log("ready"), 10)'))
    expect(await waitFor(running, (printed) => /ready/.exec(printed)?.[0], 30_000)).toBe('ready')
  })

  it.each([
    ['that ends before', 'console.error("sorry"); process.exit(3)', 30_000, /ended with 3[\s\S]*sorry/],
    ['that prints nothing', 'setInterval(() => undefined, 1000)', 1, /time is over/],
  ])('%s has failed', async (_what, script, within, expected) => {
    running = start('.', ...node(script))
    await expect(waitFor(running, () => undefined, within)).rejects.toThrow(expected)
  })

  it('has failed if it had ended already', async () => {
    running = start('.', ...node('console.log("gone")'))
    await new Promise((ended) => running?.child.once('close', ended))
    await expect(waitFor(running, () => undefined, 30_000)).rejects.toThrow(/ended with 0\ngone/)
  })

  it('has failed with its status and its output', async () => {
    expect(await run('.', ...node('console.log(1)'), 30_000)).toBe('1\n')
    const failing = run('.', ...node('console.log("why"); process.exit(2)'), 30_000)
    await expect(failing).rejects.toThrow(/ended with 2\nwhy/)
    await expect(failing).rejects.toBeInstanceOf(StepFailed)
  })

  it('does not see what npm run gave this process', () => {
    const path = ['/checkout/node_modules/.bin', '/usr/bin', '/lib/node_modules/npm/node-gyp-bin'].join(delimiter)
    const seen = makeShellEnvironment({ PATH: path, HOME: '/home/me', npm_config_omit: 'dev', INIT_CWD: '/checkout' })
    expect(seen).toEqual({ PATH: '/usr/bin', HOME: '/home/me', NO_COLOR: '1' })
  })
})
