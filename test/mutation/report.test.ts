import { describe, expect, it } from 'vitest'
import { ACCEPTED } from './accepted.ts'
import { FOLDERS } from './folders.ts'
import { planRun } from './plan.ts'
import { computeScore, formatSurvivor, formatTable, type MutationReport, summarizeFolder } from './report.ts'

const source = 'const a = 1\nif (a > 0 &&\n  a < 9) run()\n'
const place = (line: number, column: number, endLine: number, endColumn: number) => ({
  start: { line, column },
  end: { line: endLine, column: endColumn },
})
const mutant = (status: string, location = place(1, 11, 1, 12)) => ({
  mutatorName: 'Some',
  replacement: 'true',
  status,
  location,
})

const report: MutationReport = {
  files: {
    'src/a/b.ts': {
      source,
      mutants: [
        ...['Killed', 'Killed', 'Timeout', 'Ignored', 'NoCoverage'].map((status) => mutant(status)),
        mutant('Survived', place(2, 5, 3, 8)),
      ],
    },
    'src/ab.ts': { source, mutants: [mutant('Survived')] },
  },
}
const accepted = { file: 'src/a/b.ts', original: 'a > 0 && a < 9', replacement: 'true', why: 'made up' }

describe('the report of npm run mutation', () => {
  it('counts the files of one folder', () => {
    const result = summarizeFolder('src/a', report, [])
    expect(result).toMatchObject({ killed: 2, timedOut: 1, survived: 1, uncovered: 1, ignored: 1, accepted: 0 })
    expect(computeScore(result)).toBe(60)
  })

  it('names what survived by its place and its code', () => {
    expect(summarizeFolder('src/a', report, []).survivors.map(formatSurvivor)).toEqual([
      'src/a/b.ts:1 Some 1 -> true',
      'src/a/b.ts:2 Some a > 0 && a < 9 -> true',
    ])
  })

  it('leaves accepted survivors out of the score, and no others', () => {
    const result = summarizeFolder('src/a', report, [accepted])
    expect([result.accepted, result.survivors.length, computeScore(result)]).toEqual([1, 1, 75])
    for (const other of [{ file: 'src/ab.ts' }, { original: 'a > 0' }, { replacement: 'false' }]) {
      expect(summarizeFolder('src/a', report, [{ ...accepted, ...other }]).accepted).toBe(0)
    }
  })

  it('is a table with a line for each folder', () => {
    const table = formatTable([summarizeFolder('src/a', report, []), summarizeFolder('src/none', report, [])])
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['folder', 'killed', 'timed out', 'survived', 'uncovered', 'accepted', 'static', 'score'],
      ['src/a', '2', '1', '1', '1', '0', '1', '60.0 %'],
      ['src/none', '0', '0', '0', '0', '0', '0', '100.0 %'],
    ])
  })
})

describe('the arguments of npm run mutation', () => {
  const mutated = (paths: readonly string[], changed?: readonly string[]) =>
    planRun(paths, changed).plans.map(({ folder, mutate }) => [folder.path, ...mutate])

  it.each<[string, readonly string[], readonly string[] | undefined, readonly string[][]]>([
    ['a folder of the table', ['src/net/'], undefined, [['src/net', 'src/net/**/*.ts']]],
    [
      'a folder and a file in it',
      ['./src/token/keys', 'src/token/parse.ts'],
      undefined,
      [['src/token', 'src/token/keys/**/*.ts', 'src/token/parse.ts']],
    ],
    ['a folder above one of the table', ['src/config'], undefined, [['src/config/live', 'src/config/live/**/*.ts']]],
    ['a change', [], ['src/net/port.ts', 'src/core/json.ts', 'src/token/note.md'], [['src/net', 'src/net/port.ts']]],
    [
      'a change in one folder',
      ['src/token'],
      ['src/net/port.ts', 'src/token/parse.ts'],
      [['src/token', 'src/token/parse.ts']],
    ],
    ['a change of nothing', [], [], []],
  ])('choose %s', (_what, paths, changed, expected) => {
    expect(mutated(paths, changed)).toEqual(expected)
  })

  it('choose the whole table if there are none', () => {
    expect(mutated([]).map(([path]) => path)).toEqual(FOLDERS.map(({ path }) => path))
  })

  it.each(['src/core', 'src/tokens', 'test/token'])('name no other folder: %s', (path) => {
    expect(planRun([path]).unknown).toEqual([path])
  })
})

describe('the accepted survivors', () => {
  it('are in mutated files, once each, with a reason', () => {
    const keys = ACCEPTED.map(({ file, original, replacement }) => JSON.stringify([file, original, replacement]))
    expect(new Set(keys).size).toBe(keys.length)
    for (const { file, why } of ACCEPTED) {
      expect(
        FOLDERS.some(({ path }) => file === path || file.startsWith(`${path}/`)),
        file,
      ).toBe(true)
      expect(why.length).toBeGreaterThan(10)
    }
  })
})
