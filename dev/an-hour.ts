// `npm run hour`: runs the hour of test/metrics/hour.ts and writes docs/an-hour.md and docs/an-hour.svg: what the panels of the dashboard
// show of it, from the scrape, and what happened, from the stream of events alone. It needs root, for a disk that fills up.
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { type Hour, runHour } from '../test/metrics/hour.ts'

type Series = readonly (readonly [name: string, value: number])[]

const WIDTH = 960
const COLUMN = WIDTH / 2
const ROW = 20

/** Series of a metric as `label value`, summed by the labels that are shown. */
function seriesOf(
  scrape: string,
  metric: string,
  shown: readonly string[],
  keep: (line: string) => boolean = () => true,
): Series {
  const sums = new Map<string, number>()
  for (const line of scrape.split('\n').filter((one) => one.startsWith(`${metric}{`) && keep(one))) {
    const labels = Object.fromEntries(
      Array.from(line.matchAll(/(\w+)="([^"]*)"/g), ([, name = '', value = '']) => [name, value]),
    )
    const name = shown.flatMap((label) => (labels[label] === 'none' ? [] : [labels[label] ?? ''])).join(': ')
    sums.set(name, (sums.get(name) ?? 0) + Number(line.slice(line.lastIndexOf(' '))))
  }
  return [...sums].sort(([, a], [, b]) => b - a)
}

const readValue = (scrape: string, metric: string): number =>
  Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(scrape)?.[1] ?? 0)

/** The bound of the bucket that holds this share of all logins, in milliseconds. */
function quantileMillis(scrape: string, share: number): number {
  const buckets = new Map<number, number>()
  for (const [, le = '', count = ''] of scrape.matchAll(
    /^postern_login_duration_seconds_bucket\{le="([^"]+)".*\} (\d+)$/gm,
  ))
    buckets.set(
      Number(le === '+Inf' ? Infinity : le),
      (buckets.get(Number(le === '+Inf' ? Infinity : le)) ?? 0) + Number(count),
    )
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const all = sorted.at(-1)?.[1] ?? 0
  return (sorted.find(([, count]) => count >= share * all)?.[0] ?? 0) * 1000
}

function draw(scrape: string): string {
  const panels: readonly (readonly [title: string, rows: Series])[] = [
    ['Logins by result', seriesOf(scrape, 'postern_logins_total', ['result'])],
    [
      'Who is not let in, by which method, for which reason',
      seriesOf(scrape, 'postern_logins_total', ['attestor', 'reason'], (line) => !line.includes('"accepted"')),
    ],
    ['Workloads', seriesOf(scrape, 'postern_claims_total', ['result', 'reason'])],
    ['Documents by state', seriesOf(scrape, 'postern_config_sections', ['state'])],
    ['Evidence of single use', seriesOf(scrape, 'postern_evidence_claims_total', ['result'])],
    ['Loads of keys', seriesOf(scrape, 'postern_key_fetches_total', ['result'])],
    [
      'Login time, at most, in ms',
      [
        ['half of all', quantileMillis(scrape, 0.5)],
        ['99 of 100', quantileMillis(scrape, 0.99)],
      ],
    ],
    ['Records that were not taken', [['records', readValue(scrape, 'postern_audit_failures_total')]]],
  ]
  const heights = [0, 0]
  const parts = panels.map(([title, rows], index) => {
    const column = index % 2
    const y = heights[column] ?? 0
    heights[column] = y + 44 + rows.length * ROW
    const most = Math.max(1, ...rows.map(([, value]) => value))
    const bars = rows.map(([name, value], row) => {
      const top = 34 + row * ROW
      const width = Math.max(1, (value / most) * 150)
      return `<text x="12" y="${top + 13}">${escapeXml(name)}</text><rect x="260" y="${top + 2}" width="${width.toFixed(0)}" height="14" rx="2"/><text x="${(266 + width).toFixed(0)}" y="${top + 13}">${value}</text>`
    })
    return `<g transform="translate(${column * COLUMN}, ${y})"><text class="title" x="12" y="22">${escapeXml(title)}</text>${bars.join('')}</g>`
  })
  const style =
    'text{font:12px system-ui,sans-serif;fill:#1f2937}.title{font-weight:600;font-size:13px}rect{fill:#2563eb}.page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.page{fill:#111827}rect{fill:#60a5fa}}'
  const height = Math.max(...heights) + 12
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="The panels of the dashboard after the hour"><style>${style}</style><rect class="page" width="${WIDTH}" height="${height}"/>${parts.join('\n')}</svg>\n`
}

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** What each event says, as a sentence. Ports and digests are of the run, and left out. */
function tell(records: Hour['records']): readonly string[] {
  const sentences: Readonly<Record<string, (event: Readonly<Record<string, unknown>>) => string>> = {
    started: ({ version, trustDomain }) => `Postern ${version} starts for ${trustDomain}.`,
    config_applied: ({ key }) => `\`${key}\` comes into force.`,
    config_refused: ({ key, issues, inForceDigest }) => {
      const [first] = issues as readonly { readonly line?: number; readonly code?: string }[] | readonly string[]
      const what = typeof first === 'string' ? first : JSON.stringify(first)
      return `\`${key}\` does not compile (${what}), and ${inForceDigest === undefined ? 'nothing was in force before: its logins are answered with 503' : 'the version before stays in force'}.`
    },
    issuer_fetch_failed: ({ cause, keysInHand }) =>
      `The keys of an issuer cannot be fetched (\`${cause}\`); ${keysInHand} older keys serve on.`,
    issuer_fetch_recovered: ({ failures }) => `They can be fetched again, after ${failures} failed attempts.`,
    audit_recovered: ({ reason, refused }) =>
      `Records are taken again. Meanwhile (\`${reason}\`) ${refused} requests were refused, without a record.`,
  }
  return records.flatMap((record) => {
    if (record['requestId'] !== undefined) return []
    return [sentences[String(record['event'])]?.(record) ?? `${record['event']}.`]
  })
}

const hour = await runHour([process.execPath, 'src/cli/postern.ts'])
writeFileSync('docs/an-hour.svg', draw(hour.scrape))
const page = `<!-- Made by \`npm run hour\`. -->

# An hour

An hour of a gateway, in some seconds: good and bad logins, an issuer that goes down and comes back, a document that does not compile, evidence that is used twice, a
disk that is full. A [test](../test/metrics/metrics.test.ts) runs the same on Node and Deno and holds the numbers to a count of the records.

## What the metrics show

![Bars by panel: logins by result, who is refused and why, workloads, documents, used evidence, loads of keys, login time, records that were not taken](an-hour.svg)

## What happened, from the events alone

${tell(hour.records)
  .map((sentence, index) => `${index + 1}. ${sentence}`)
  .join('\n')}

Who was refused, and why, is in the records of the logins: [audit.md](audit.md#why-was-it-refused).
`
writeFileSync('docs/an-hour.md', page)
process.exit(0)
