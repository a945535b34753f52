// What a run of the bench yields: one JSON document, and the same as Markdown.
import type { Ratio } from './pairs.ts'

export interface Report {
  readonly version: 1
  readonly takenAt: string
  readonly command: string
  readonly machine: Machine
  readonly tables: readonly Table[]
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly system: string
  readonly versions: Readonly<Record<string, string>>
  /** Of one minute, before the first measurement: what else ran. */
  readonly loadBefore: number
  readonly loadAfter: number
}

export interface Table {
  /** Such as `login-http-node`. */
  readonly id: string
  readonly title: string
  /** What is measured, and how to read it. */
  readonly note: string
  readonly rows: readonly Row[]
}

export interface Row {
  readonly what: string
  /** By the column's name. Above 1: what the row names first costs more. */
  readonly ratios: Readonly<Record<string, Ratio>>
  /** Medians that hold for this machine and this run alone, by the column's name. */
  readonly figures: Readonly<Record<string, number>>
}

export function renderReport(report: Report): string {
  const { takenAt, command, machine, tables } = report
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const head = [
    `Taken ${takenAt} on ${machine.processor}, ${machine.cores} cores, ${machine.system}; ${versions.join(', ')};`,
    `load ${machine.loadBefore.toFixed(1)} before and ${machine.loadAfter.toFixed(1)} after. Command: \`${command}\`.`,
    '',
    'A ratio is the median of pairs taken in turn, with its quartiles and the number of pairs on the other side of 1.',
    'The other figures are medians of the same run: compare them within their row only.',
  ]
  return `${[head.join('\n'), ...tables.map(renderTable)].join('\n\n')}\n`
}

function renderTable({ title, note, rows }: Table): string {
  const ratios = columnsOf(rows.map((row) => row.ratios))
  const figures = columnsOf(rows.map((row) => row.figures))
  const lines = [
    ['', ...ratios, ...figures],
    ['---', ...ratios.map(() => '---'), ...figures.map(() => '--:')],
    ...rows.map((row) => [
      row.what,
      ...ratios.map((column) => renderRatio(row.ratios[column])),
      ...figures.map((column) => renderFigure(row.figures[column])),
    ]),
  ]
  return [`### ${title}`, note, lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')].join('\n\n')
}

/** In the order in which they first occur. */
function columnsOf(records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))]
}

function renderRatio(ratio: Ratio | undefined): string {
  if (ratio === undefined) return ''
  const { median, lowerQuartile, upperQuartile, pairs, disagreeing } = ratio
  return `**${digits(median)}** (${digits(lowerQuartile)} to ${digits(upperQuartile)}; ${disagreeing} of ${pairs})`
}

function renderFigure(figure: number | undefined): string {
  return figure === undefined ? '' : digits(figure)
}

/** Three that count. */
function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value
    .toPrecision(3)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}
