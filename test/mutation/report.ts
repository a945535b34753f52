// Reads Stryker's report: the score of each folder, and the mutants that no test noticed.

/** The part of a report (schema of mutation-testing-elements) that is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>
}

interface Place {
  readonly line: number
  readonly column: number
}

export interface ReportedMutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly location: { readonly start: Place; readonly end: Place }
}

export interface Survivor {
  readonly file: string
  readonly line: number
  readonly mutator: string
  /** The code that was replaced, and what it was replaced with, each on one line. */
  readonly original: string
  readonly replacement: string
}

/** A survivor that stays, since no test can or need notice it. */
export interface AcceptedSurvivor {
  readonly file: string
  readonly original: string
  readonly replacement: string
  readonly why: string
}

export interface FolderResult {
  readonly path: string
  readonly killed: number
  readonly timedOut: number
  /** Not noticed by a test that ran the code. */
  readonly survived: number
  /** No test runs the code. */
  readonly uncovered: number
  /** Run while a file is loaded, so that every test would have to run: not tried. */
  readonly ignored: number
  readonly accepted: number
  /** Survivors that are not accepted. */
  readonly survivors: readonly Survivor[]
}

/** Sums up the files of a folder, or one file. */
export function summarizeFolder(
  path: string,
  { files }: MutationReport,
  accepted: readonly AcceptedSurvivor[],
): FolderResult {
  const own = Object.entries(files).filter(([file]) => file === path || file.startsWith(`${path}/`))
  const mutants = own.flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ status: mutant.status, survivor: describe(file, source, mutant) })),
  )
  const count = (status: string): number => mutants.filter((mutant) => mutant.status === status).length
  const alive = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  const survivors = alive.map(({ survivor }) => survivor).filter((survivor) => !isAccepted(survivor, accepted))
  return {
    path,
    killed: count('Killed') + count('CompileError') + count('RuntimeError'),
    timedOut: count('Timeout'),
    survived: count('Survived'),
    uncovered: count('NoCoverage'),
    ignored: count('Ignored'),
    accepted: alive.length - survivors.length,
    survivors,
  }
}

/** Noticed mutants in percent of those that were tried, accepted ones left out; 100 if there are none. */
export function computeScore({ killed, timedOut, survivors }: FolderResult): number {
  const noticed = killed + timedOut
  const tried = noticed + survivors.length
  return tried === 0 ? 100 : (100 * noticed) / tried
}

function describe(file: string, source: string, { mutatorName, replacement = '', location }: ReportedMutant): Survivor {
  const { start, end } = location
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  const cut = lines.map((line, index) =>
    line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
  )
  return {
    file,
    line: start.line,
    mutator: mutatorName,
    original: toOneLine(cut.join(' ')),
    replacement: toOneLine(replacement),
  }
}

function toOneLine(code: string): string {
  return code.replace(/\s+/g, ' ').trim()
}

function isAccepted(survivor: Survivor, accepted: readonly AcceptedSurvivor[]): boolean {
  return accepted.some(
    ({ file, original, replacement }) =>
      file === survivor.file && original === survivor.original && replacement === survivor.replacement,
  )
}

const SHOWN_CHARACTERS = 90

/** `file:line mutator original -> replacement`, long code cut. */
export function formatSurvivor({ file, line, mutator, original, replacement }: Survivor): string {
  const cut = (code: string): string => (code.length > SHOWN_CHARACTERS ? `${code.slice(0, SHOWN_CHARACTERS)}…` : code)
  return `${file}:${line} ${mutator} ${cut(original)} -> ${cut(replacement)}`
}

const COLUMNS = ['folder', 'killed', 'timed out', 'survived', 'uncovered', 'accepted', 'static', 'score'] as const

/** A table of text, a line for each folder. */
export function formatTable(results: readonly FolderResult[]): string {
  const rows = results.map((result) => [
    result.path,
    ...[result.killed, result.timedOut, result.survived, result.uncovered, result.accepted, result.ignored].map(String),
    `${computeScore(result).toFixed(1)} %`,
  ])
  const all = [COLUMNS, ...rows]
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return all.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}
