// Which files a run mutates, from its arguments, and what Stryker is told for one folder.
import { resolve } from 'node:path'
import { FOLDERS, type MutatedFolder } from './folders.ts'

export interface Plan {
  readonly folder: MutatedFolder
  /** Globs of the files to mutate. */
  readonly mutate: readonly string[]
}

/**
 * @param paths folders or files of `src/`; none for all of {@link FOLDERS}
 * @param changed the files of a change, if only these are mutated
 * @returns a plan for each folder of the table that is concerned, and the paths that no folder of the table contains
 */
export function planRun(paths: readonly string[], changed?: readonly string[]): { plans: Plan[]; unknown: string[] } {
  const named = paths.map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''))
  const unknown = named.filter((path) => !FOLDERS.some((folder) => isIn(folder.path, path) || isIn(path, folder.path)))
  const plans = FOLDERS.flatMap((folder): Plan[] => {
    const chosen = named.length === 0 ? [folder.path] : named.filter((path) => isIn(folder.path, path))
    if (named.some((path) => isIn(path, folder.path))) chosen.splice(0, chosen.length, folder.path)
    const mutate =
      changed === undefined
        ? chosen.map(toGlob)
        : changed.filter((file) => /^src\/.*\.ts$/.test(file) && chosen.some((path) => isIn(path, file)))
    return mutate.length === 0 ? [] : [{ folder, mutate }]
  })
  return { plans, unknown }
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function toGlob(path: string): string {
  return path.endsWith('.ts') ? path : `${path}/**/*.ts`
}

/** Where the results of a folder are kept, from which the next run goes on. */
export function resultsFolder({ path }: MutatedFolder): string {
  return `.postern/mutation/${path.replaceAll('/', '-')}`
}

/** The options of Stryker. Strings are nearly all messages, of which tests compare the code only: they are not mutated. */
export function strykerOptions({ folder, mutate }: Plan): Readonly<Record<string, unknown>> {
  const results = resultsFolder(folder)
  return {
    plugins: [resolve('test/mutation/warm-runner.ts')],
    testRunner: 'warm',
    // What mutants leave behind in memory must not grow for ever.
    maxTestRunnerReuse: 200,
    coverageAnalysis: 'perTest',
    mutate,
    mutator: { excludedMutations: ['StringLiteral'] },
    // These run while a file is loaded: each would run all tests.
    ignoreStatic: true,
    incremental: true,
    incrementalFile: `${results}/incremental.json`,
    jsonReporter: { fileName: `${results}/report.json` },
    reporters: ['json', 'progress-append-only'],
    tempDirName: `${results}/sandbox`,
    ignorePatterns: ['.postern', 'dist', '**/*.png'],
    concurrency: 2,
    timeoutMS: 15_000,
    timeoutFactor: 1,
    dryRunTimeoutMinutes: 20,
    allowEmpty: true,
    // TypeScript 7 has no parser of configurations for Stryker; a file that does not exist is not asked for.
    tsconfigFile: 'none.json',
  }
}
