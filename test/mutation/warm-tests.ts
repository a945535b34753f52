// A test runner that stays warm: it loads test files once and runs chosen tests many times, since a worker of vitest for each
// mutant costs a hundred times what the tests do. It has the part of vitest's interface that the tests of this repository
// use, and vitest's own `expect` and `vi`. Every test file imports this module when it asks for `vitest`; see warm-runner.ts.

/** What vitest's `expect` asks of the worker that it believes to be in. */
const WORKER = { config: { snapshotOptions: {}, expect: {} }, ctx: {}, environment: { name: 'node' }, metaEnv: {} }
Object.assign(globalThis, { __vitest_worker__: WORKER })
const vitest = await import('vitest')

type Step = (...args: never[]) => unknown
type Hook = () => unknown

export interface Suite {
  readonly name: string
  readonly parent: Suite | undefined
  readonly isSkipped: boolean
  readonly hooks: Readonly<Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Hook[]>>
  readonly children: (Suite | Test)[]
}

export interface Test {
  /** The file, the names of the suites and its own; unique. */
  readonly id: string
  readonly file: string
  readonly suite: Suite
  readonly run: () => unknown
}

let current: Suite | undefined
let file = ''
const ids = new Set<string>()

function createSuite(name: string, isSkipped = false): Suite {
  const hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }
  return { name, parent: current, isSkipped: isSkipped || current?.isSkipped === true, hooks, children: [] }
}

/** Loads one file and returns what it declares. */
export async function collect(name: string, load: () => Promise<unknown>): Promise<Suite> {
  current = undefined
  const root = createSuite(name)
  current = root
  file = name
  await load()
  return root
}

/** Forgets the names of tests, before all files are loaded again. */
export function forgetTests(): void {
  ids.clear()
}

function declareSuite(name: string, step: Step, isSkipped: boolean): void {
  const suite = createSuite(name, isSkipped)
  current?.children.push(suite)
  const outer = current
  current = suite
  try {
    if (step() instanceof Promise) throw new Error(`The suite "${name}" is asynchronous: declare its tests at once`)
  } finally {
    current = outer
  }
}

function declareTest(name: string, run: () => unknown, isSkipped: boolean): void {
  const suite = current
  if (suite === undefined || isSkipped || suite.isSkipped) return
  const path: string[] = [name]
  for (let outer: Suite | undefined = suite; outer !== undefined; outer = outer.parent) path.unshift(outer.name)
  let id = path.join(' ')
  for (let copy = 2; ids.has(id); copy++) id = `${path.join(' ')} (${copy})`
  ids.add(id)
  suite.children.push({ id, file, suite, run })
}

type Declare = (name: string, step: Step, isSkipped: boolean, args: readonly unknown[]) => void

/** `describe` or `it` with what hangs on it. Options may stand before the function, a time limit behind it. */
function createDeclarer(declare: Declare) {
  const declarer = (isSkipped: boolean) => (name: string, first: unknown, second?: unknown) =>
    declare(name, (typeof first === 'function' ? first : second) as Step, isSkipped, [])
  const each =
    (isSkipped: boolean) => (rows: readonly unknown[]) => (name: string, first: unknown, second?: unknown) => {
      const step = (typeof first === 'function' ? first : second) as Step
      for (const [index, row] of rows.entries())
        declare(`${name} [${index}]`, step, isSkipped, Array.isArray(row) ? row : [row])
    }
  const skipIf = (isSkipped: unknown) => Object.assign(declarer(Boolean(isSkipped)), { each: each(Boolean(isSkipped)) })
  const runIf = (isRun: unknown) => skipIf(!isRun)
  return Object.assign(declarer(false), { each: each(false), for: each(false), skipIf, runIf, skip: declarer(true) })
}

export const describe = createDeclarer((name, step, isSkipped, args) =>
  declareSuite(name, () => step(...(args as never[])), isSkipped),
)

export const it = createDeclarer((name, step, isSkipped, args) =>
  declareTest(name, () => step(...(args as never[])), isSkipped),
)

export const test = it

export const beforeAll = (hook: Hook): void => void current?.hooks.beforeAll.push(hook)
export const afterAll = (hook: Hook): void => void current?.hooks.afterAll.push(hook)
export const beforeEach = (hook: Hook): void => void current?.hooks.beforeEach.push(hook)
export const afterEach = (hook: Hook): void => void current?.hooks.afterEach.push(hook)

export const { vi } = vitest
export const expect = Object.assign(
  (...args: Parameters<typeof vitest.expect>) => vitest.expect(...args),
  vitest.expect,
  {
    poll: (read: () => unknown) => pollUntil(read),
  },
)

const POLL_MILLIS = 20
const POLL_MAX_MILLIS = 2_000

/** `expect.poll`, of which vitest's own wants a test of its own: any matcher, until it passes. */
function pollUntil(read: () => unknown): object {
  return new Proxy(
    {},
    {
      get:
        (_, matcher) =>
        async (...args: unknown[]) => {
          for (const started = Date.now(); ; ) {
            try {
              const made = vitest.expect(await read()) as unknown as Record<string | symbol, (...a: unknown[]) => void>
              made[matcher]?.(...args)
              return
            } catch (error) {
              if (Date.now() - started > POLL_MAX_MILLIS) throw error
              await new Promise((done) => setTimeout(done, POLL_MILLIS))
            }
          }
        },
    },
  )
}

export interface Watcher {
  /** The test that is about to run; `undefined` while hooks of a whole suite run. */
  readonly enter: (test: Test | undefined, suite: Suite) => void
  readonly end: (test: Test, error: unknown, millis: number) => void
}

/**
 * Runs the chosen tests of a suite with the hooks that surround them.
 *
 * @param isChosen all tests for which it says yes
 * @param mayGoOn asked before each test
 */
export async function runSuite(
  suite: Suite,
  isChosen: (test: Test) => boolean,
  mayGoOn: () => boolean,
  watcher: Watcher,
): Promise<void> {
  const tests = listTests(suite).filter(isChosen)
  if (tests.length === 0 || !mayGoOn()) return
  const cleanups: Hook[] = []
  try {
    watcher.enter(undefined, suite)
    const started = performance.now()
    for (const hook of suite.hooks.beforeAll) keepCleanup(await hook(), cleanups)
    hookCosts.set(suite, performance.now() - started)
    for (const child of sortByCost(suite.children, isChosen)) {
      if (!('run' in child)) await runSuite(child, isChosen, mayGoOn, watcher)
      else if (isChosen(child) && mayGoOn()) await runTest(child, watcher)
    }
  } catch (error) {
    for (const failed of tests.slice(0, 1)) watcher.end(failed, error, 0)
  } finally {
    watcher.enter(undefined, suite)
    for (const hook of [...suite.hooks.afterAll, ...cleanups].reverse()) await quietly(hook)
  }
}

async function runTest(test: Test, watcher: Watcher): Promise<void> {
  const suites: Suite[] = []
  for (let outer: Suite | undefined = test.suite; outer !== undefined; outer = outer.parent) suites.unshift(outer)
  const cleanups: Hook[] = []
  const started = performance.now()
  let error: unknown
  watcher.enter(test, test.suite)
  try {
    for (const suite of suites) for (const hook of suite.hooks.beforeEach) keepCleanup(await hook(), cleanups)
    await withinTime(test)
  } catch (thrown) {
    error = thrown ?? new Error('undefined was thrown')
  }
  for (const suite of suites.reverse()) for (const hook of suite.hooks.afterEach) await quietly(hook)
  for (const hook of cleanups.reverse()) await quietly(hook)
  const millis = performance.now() - started
  if (error === undefined) costs.set(test.id, millis)
  watcher.end(test, error, millis)
}

/** Before it has ever passed; afterwards a multiple of what it took. */
const FIRST_MAX_MILLIS = 60_000
const TEST_MAX_MILLIS = 5_000
const TEST_MAX_FACTOR = 5

/** A test that never ends fails, in less time than Stryker takes to end the process. */
async function withinTime(test: Test): Promise<void> {
  const cost = costs.get(test.id)
  const millis = cost === undefined ? FIRST_MAX_MILLIS : Math.max(TEST_MAX_MILLIS, TEST_MAX_FACTOR * cost)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The test took longer than ${millis} ms`)), millis)
  })
  try {
    await Promise.race([test.run(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** How long each test took when it last passed, and the hooks before a suite. */
export const costs = new Map<string, number>()
const hookCosts = new WeakMap<Suite, number>()
const UNKNOWN_COST_MILLIS = 100

/** The quick ones first, since one that fails ends a run; the tests depend on no order. */
export function sortByCost<T extends Suite | Test>(
  children: readonly T[],
  isChosen: (test: Test) => boolean,
): readonly T[] {
  const costOf = (child: Suite | Test): number => {
    if ('run' in child) return isChosen(child) ? (costs.get(child.id) ?? UNKNOWN_COST_MILLIS) : 0
    return child.children.reduce((sum, inner) => sum + costOf(inner), hookCosts.get(child) ?? 0)
  }
  return children.toSorted((a, b) => costOf(a) - costOf(b))
}

export function listTests(suite: Suite): readonly Test[] {
  return suite.children.flatMap((child) => ('run' in child ? [child] : listTests(child)))
}

function keepCleanup(returned: unknown, cleanups: Hook[]): void {
  if (typeof returned === 'function') cleanups.push(returned as Hook)
}

/** What cleans up must not hide why a test failed. */
async function quietly(hook: Hook): Promise<void> {
  try {
    await hook()
  } catch {
    return
  }
}
