// A test runner for Stryker that keeps its test files loaded. A mutant is switched on by a global variable, so the same
// loaded code serves for all mutants but those that act while it is loaded. A test that fails under a mutant is run again
// without it: if it still fails, the mutant has left something behind, and everything is loaded anew before it is believed.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { SLOW_TESTS } from '../slow-tests.ts'
import { collect, costs, forgetTests, listTests, runSuite, type Suite, sortByCost, type Test } from './warm-tests.ts'

/** What instrumented code reads and writes. */
interface Instruments {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Coverage
}

interface Coverage {
  static: Record<string, number>
  perTest: Record<string, Record<string, number>>
}

interface MutantRun {
  readonly testFilter?: readonly string[]
  readonly hitLimit?: number
  readonly activeMutant: { readonly id: string }
  readonly mutantActivation: 'runtime' | 'static'
}

interface Failure {
  readonly test: Test
  readonly message: string
}

const instruments: Instruments = {}
Object.assign(globalThis, { __stryker__: instruments })

let generation = 0
let roots: readonly Suite[] = []
let strayErrors: string[] = []

/** In the copy of the repository that Stryker made: `vitest` is the warm runner, and each generation has its own modules. */
function hookImports(): void {
  const root = pathToFileURL(`${process.cwd()}/`).href
  registerHooks({
    resolve(specifier, context, next) {
      const isOurs = context.parentURL?.startsWith(root) === true && !context.parentURL.includes('/node_modules/')
      if (isOurs && specifier === 'vitest')
        return { url: new URL('warm-tests.ts', import.meta.url).href, shortCircuit: true }
      const entry = isOurs ? /^postern(?:\/(\w+))?$/.exec(specifier) : null
      const found =
        entry === null ? next(specifier, context) : { url: `${root}src/entries/${entry[1] ?? 'gateway'}.ts` }
      const isCopied = found.url.startsWith(root) && !found.url.includes('/node_modules/')
      return isCopied ? { ...found, url: `${found.url}?generation=${generation}`, shortCircuit: true } : found
    },
  })
}

async function load(): Promise<void> {
  generation++
  forgetTests()
  const root = pathToFileURL(`${process.cwd()}/`).href
  await import(`${root}test/property.setup.ts?generation=${generation}`)
  const globs: unknown = JSON.parse(process.env['POSTERN_MUTATION_TESTS'] ?? '[]')
  const slow = new Set(SLOW_TESTS.flatMap((pattern) => globSync(pattern)))
  const files = (Array.isArray(globs) ? globs : []).flatMap((glob) => globSync(String(glob)))
  const suites: Suite[] = []
  for (const file of [...new Set(files)].sort()) {
    if (!slow.has(file)) suites.push(await collect(file, () => import(`${root}${file}?generation=${generation}`)))
  }
  roots = suites
}

interface Run {
  readonly isChosen: (test: Test) => boolean
  readonly end: (test: Test, error: unknown, millis: number) => void
  readonly mayGoOn: () => boolean
}

async function run({ isChosen, end, mayGoOn }: Run): Promise<void> {
  strayErrors = []
  const enter = (test: Test | undefined, suite: Suite): void => {
    instruments.currentTestId = test?.id ?? nameHooks(suite)
  }
  for (const root of sortByCost(roots, isChosen)) await runSuite(root, isChosen, mayGoOn, { enter, end })
  instruments.currentTestId = undefined
}

/** Hooks of a whole suite serve all its tests: what they run counts as run by each. */
function nameHooks({ name, parent }: Suite): string {
  return `${parent === undefined ? '' : nameHooks(parent)}\0${name}`
}

function spreadCoverage(): Coverage {
  const { static: loaded, perTest } = instruments.mutantCoverage ?? { static: {}, perTest: {} }
  for (const test of roots.flatMap(listTests)) {
    const own = perTest[test.id] ?? {}
    perTest[test.id] = own
    for (let suite: Suite | undefined = test.suite; suite !== undefined; suite = suite.parent) {
      for (const [mutant, count] of Object.entries(perTest[nameHooks(suite)] ?? {})) own[mutant] ??= count
    }
  }
  for (const id of Object.keys(perTest)) if (id.startsWith('\0')) delete perTest[id]
  return { static: loaded, perTest }
}

/** The first chosen test that fails, under a mutant or under none. */
async function findFailure(isChosen: (test: Test) => boolean): Promise<Failure | undefined> {
  let failure: Failure | undefined
  await run({
    isChosen,
    mayGoOn: () => failure === undefined,
    end: (test, error) => {
      const why = error ?? strayErrors[0]
      if (why !== undefined) failure ??= { test, message: String(why) }
    },
  })
  return failure
}

async function runMutant({ activeMutant, testFilter, hitLimit, mutantActivation }: MutantRun): Promise<object> {
  if (costs.size === 0) learnCosts()
  const chosen = testFilter === undefined ? undefined : new Set(testFilter)
  const isChosen = (test: Test): boolean => chosen?.has(test.id) ?? true
  const attempt = async (): Promise<{ failure: Failure | undefined; hits: number }> => {
    instruments.activeMutant = activeMutant.id
    instruments.hitLimit = hitLimit
    instruments.hitCount = hitLimit === undefined ? undefined : 0
    try {
      if (mutantActivation === 'static') await load()
      return { failure: await findFailure(isChosen), hits: instruments.hitCount ?? 0 }
    } finally {
      instruments.activeMutant = undefined
      instruments.hitCount = undefined
    }
  }
  let { failure, hits } = await attempt()
  if (mutantActivation === 'static') await load()
  else if (failure !== undefined) {
    const { id } = failure.test
    if ((await findFailure((test) => test.id === id)) !== undefined) {
      await load()
      ;({ failure, hits } = await attempt())
    }
  }
  const nrOfTests = chosen?.size ?? roots.flatMap(listTests).length
  if (hitLimit !== undefined && hits > hitLimit) return { status: 'timeout', reason: 'the code ran too often' }
  if (failure === undefined) return { status: 'survived', nrOfTests }
  return { status: 'killed', killedBy: [failure.test.id], failureMessage: failure.message, nrOfTests }
}

/** What the first run of all tests took, for the processes that did not make it. */
const COSTS = 'warm-costs.json'

function learnCosts(): void {
  if (!existsSync(COSTS)) return
  for (const [id, millis] of JSON.parse(readFileSync(COSTS, 'utf8')) as [string, number][]) costs.set(id, millis)
}

async function runAll(): Promise<object> {
  const tests: object[] = []
  await run({
    isChosen: () => true,
    mayGoOn: () => true,
    end: ({ id, file }, error, timeSpentMs) => {
      const result = { id, name: id, timeSpentMs, fileName: file }
      if (error === undefined) tests.push({ ...result, status: 0 })
      else
        tests.push({
          ...result,
          status: 1,
          failureMessage: error instanceof Error ? (error.stack ?? '') : String(error),
        })
    },
  })
  writeFileSync(COSTS, JSON.stringify([...costs]))
  return { status: 'complete', tests, mutantCoverage: spreadCoverage() }
}

function createWarmRunner(): object {
  return {
    capabilities: () => ({ reloadEnvironment: true }),
    init: async () => {
      Object.assign(process.env, { NODE_ENV: 'test', VITEST: 'true' })
      process.on('unhandledRejection', (error) => void strayErrors.push(String(error)))
      // Servers of tests would keep this process alive after Stryker was interrupted.
      process.on('disconnect', () => process.exit())
      hookImports()
      await load()
    },
    dryRun: runAll,
    mutantRun: runMutant,
  }
}

/** The form of a plugin that Stryker expects. */
export const strykerPlugins = [{ kind: 'TestRunner', name: 'warm', factory: createWarmRunner }]
