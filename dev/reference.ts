// Generates the reference pages from the tables in the code, so that the two cannot differ: npm run docs
import { ALPHABETS } from '../src/attribute/alphabet.ts'
import { CATALOGUE } from '../src/attribute/catalogue.ts'
import type { AttributeRow, Surface } from '../src/attribute/row.ts'
import { ISSUES } from '../src/core/issue.ts'
import { METRICS_CLUSTERS_MAX } from '../src/core/limits.ts'
import { REFUSALS, type RefusalCode } from '../src/core/refusal.ts'
import { EVENTS } from '../src/gateway/audit/events.ts'
import { METRIC_HELP } from '../src/gateway/metrics/metric-help.ts'
import { METRICS, type MetricName } from '../src/gateway/metrics/metrics.ts'
import type { CauseRow } from '../src/net/cause-row.ts'
import { FETCH_CAUSES } from '../src/net/fetch-causes.ts'
import { makeApiPage } from './api-page.ts'
import { ATTESTOR_PAGES } from './attestors/attestor-pages.ts'
import { makeAuditPage } from './audit-page.ts'
import { CODE_CAUSES } from './code-causes.ts'
import { formatCode, formatTable } from './markdown.ts'

const NOTE = '<!-- Made by `npm run docs` from the tables in `src/`. -->'

export function makeAttributesPage(): string {
  const origins = [...new Set(CATALOGUE.map(({ origin }) => origin))]
  const sections = origins.map((origin) => {
    const rows = CATALOGUE.filter((row) => row.origin === origin)
    const side = rows[0]?.side ?? ''
    return [
      `## ${origin}`,
      `From ${side === 'workload' ? 'the workload' : side === 'agent' ? "the agent's evidence" : 'the configuration'}.`,
      formatTable(
        ['attribute', 'value', 'path', 'claim', 'subject and DNS', 'needs', 'what it is'],
        rows.map((row) => [
          formatCode(row.name) + (row.identity === true ? ' \\*' : ''),
          describeKind(row),
          describeAllowed(row, 'pathTemplate'),
          describeAllowed(row, 'jwtClaim'),
          describeAllowed(row, 'x509Subject'),
          describeNeeds(row),
          row.description +
            (row.aliases === undefined ? '' : `; also written ${row.aliases.map(formatCode).join(', ')}`),
        ]),
      ),
    ].join('\n\n')
  })
  const intro = `All attributes. Any other name in a document is an error. An attribute marked \`*\` is part of the digest that
identifies an agent in the \`sub\` of its session. A key can be written \`label[k]\`, \`label.k\`, \`label.[k]\` or
\`label.'k'\`.`
  return `${[NOTE, '# Attributes', intro, ...sections].join('\n\n')}\n`
}

function describeKind(row: AttributeRow): string {
  const kind = row.type === 'int' ? 'count' : row.alphabet in ALPHABETS ? row.alphabet : 'string'
  return [kind, row.many === true ? 'several' : '', row.optional === true ? 'may be absent' : '']
    .filter(Boolean)
    .join(', ')
}

function describeAllowed(row: AttributeRow, surface: Surface): string {
  return row.surfaces.includes(surface) ? 'yes' : 'no'
}

function describeNeeds(row: AttributeRow): string {
  const needs: string[] = []
  if (row.enabledBy !== undefined) needs.push(formatCode(row.enabledBy))
  if (row.keyVersion !== undefined) needs.push(`server ${row.keyVersion} for keys with \`/\` or \`-\``)
  return needs.join('; ')
}

export function makeCodesPage(): string {
  const refusals = Object.entries(REFUSALS)
  const requests = refusals.filter(([, row]) => !('reason' in row))
  const evidence = refusals.flatMap(([name, row]) => ('reason' in row ? [[name, row.reason ?? '', row.title]] : []))
  return `${[
    NOTE,
    '# Codes',
    'A code is never renamed, and its meaning never changes. `type` of a problem is `urn:postern:<code>`.',
    '## Requests and workloads',
    'Codes of status 422 are errors of a single workload in an answer of the claims endpoint, except for the two about the agent session. The serverless endpoint, which has one workload, answers with them.',
    formatTable(
      ['code', 'status', 'title', 'cause', 'what to do'],
      requests.map(([name, { status, title }]) => [formatCode(name), String(status), title, ...causeOf(name)]),
    ),
    '## Evidence',
    'In `refusals` of a refused login. `not_accepted` means that the evidence was verified but not accepted: such a login is 403. A login without any verified evidence is 401.',
    formatTable(
      ['code', 'reason', 'title', 'cause', 'what to do'],
      evidence.map(([name = '', reason = '', title = '']) => [
        formatCode(name),
        formatCode(reason),
        title,
        ...causeOf(name),
      ]),
    ),
    '## Issues of documents',
    'An `error` keeps a document from coming into force; a `warning` does not. With an `unhealthy` issue the document comes into force as well, but `config validate` fails and the status is UNHEALTHY.',
    formatTable(
      ['code', 'severity'],
      Object.entries(ISSUES).map(([name, severity]) => [formatCode(name), severity]),
    ),
  ].join('\n\n')}\n`
}

function causeOf(code: string): readonly string[] {
  return CODE_CAUSES[code as RefusalCode].slice(0, 2) as readonly string[]
}

export function makeIssuerFailuresPage(): string {
  const rows = Object.entries(FETCH_CAUSES) as readonly (readonly [string, CauseRow])[]
  return `${[
    NOTE,
    "# When an issuer's keys cannot be fetched",
    `A login that fails because the gateway cannot fetch the discovery document or the key set of an issuer is \`503
signing_key_unavailable\`, regardless of the cause: every caller gets the same message, because a token need not be signed
to cause a fetch. The audit record of the login (\`refusals[].failure\`) names the cause: \`keyFetchFailure\` is a cause of the
table below, \`keyFetchReason\` its description, \`keyFetchNextStep\` the next step, and \`keyFetchUrl\` the URL. The status of
the cluster has the warning \`keys_unavailable\` until a fetch succeeds.`,
    'Each description begins with "the key set" or "the discovery document". `{name}` is a placeholder for a detail of the failure. On Workers, errors have no codes: a cause is recognised by its status or message, if the table lists one. A name that does not resolve, or an untrusted certificate, often appears there as a status from 520 to 530, sent by Cloudflare.',
    formatTable(
      ['cause', 'recognised by', 'what the operator reads', 'next step'],
      rows.map(([name, row]) => [
        formatCode(name),
        describeRecognition(row),
        escapeText(row.what),
        escapeText(row.next),
      ]),
    ),
  ].join('\n\n')}\n`
}

function describeRecognition({ codes = [], messages = [], statuses = [], shows }: CauseRow): string {
  return [
    ...codes.map(formatCode),
    ...messages.map((message) => `on Workers ${formatCode(`${message}…`)}`),
    ...statuses.map((status) => `status ${status}`),
    ...(shows === undefined ? [] : [escapeText(shows)]),
  ].join(', ')
}

function escapeText(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*')
}

export function makeEventsPage(): string {
  const sections = Object.entries(EVENTS).flatMap(([name, { when, fields }]) => [
    `## ${formatCode(name)}`,
    when,
    formatTable(
      ['field', 'what it is'],
      Object.entries(fields).map(([field, what]) => [formatCode(field), what]),
    ),
  ])
  const intro = `Events that the gateway reports in addition to the records of requests, in the same stream: one JSON line each, with \`v: 1\`, \`time\` (RFC 3339),
\`event\` and the fields below, some of which may be absent. An event has no \`requestId\`. Each change is reported once per isolate,
not once per request: every isolate and replica reports the changes that it observes. A line has at most 32 KiB, a list at
most five entries; no event contains a token or a key. Names and meanings are never changed.`
  return `${[NOTE, '# Events', intro, ...sections].join('\n\n')}\n`
}

export function makeMetricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, { type, labels }]) => [
    formatCode(name),
    type,
    labels.map(formatCode).join(', '),
    METRIC_HELP[name as MetricName],
  ])
  const intro = `\`postern serve --metrics-port 9464\` serves them for Prometheus at \`/metrics\` of a listener of its own, on 127.0.0.1 unless \`--metrics-host\` says otherwise; the
gateway's own port has no such route. On Workers, which cannot be scraped, each measurement is a data point of the Analytics Engine dataset that is bound as
\`METRICS\`. A login is counted by its audit record, so that the numbers and the records never disagree.

Labels have values of closed tables alone: \`attestor\` is a type that the gateway has, \`other\`, \`several\` (more than one piece of evidence) or \`none\`; \`reason\` is a
[code](codes.md): that of the first piece of evidence that was refused, or else that of the answer; \`result\` of a login is \`accepted\`, \`refused\` or, where the gateway could not decide, \`failed\`.
\`cluster\` is there only with \`--metrics-clusters N\`: the first N clusters that log in are named, at most ${METRICS_CLUSTERS_MAX}, and the others are \`other\`. On Deno prom-client needs \`--allow-sys\` for some
figures of the process.`
  const files = `[\`deploy/grafana-dashboard.json\`](../deploy/grafana-dashboard.json) is a dashboard for Grafana, [\`deploy/prometheus-rules.yaml\`](../deploy/prometheus-rules.yaml) has alerts: refusals by reason, logins that
cannot be decided, stale keys, documents that are not in force, records that are not taken, replays, stores that do not answer. [An hour](an-hour.md) shows what they say of a bad one. promtool checks both in the tests, and every alert has a
case in which it fires and one in which it does not.`
  const queries = `In a point \`index1\` and \`blob1\` are the name, \`blob2\` and on are the labels in the order of the table, \`double1\` is what is added, or seconds. Points are sampled: multiply by
\`_sample_interval\`. Gauges are not written. Who is refused, by which method, for which reason, since when:

\`\`\`sql
SELECT blob2 AS attestor, blob4 AS reason, SUM(_sample_interval * double1) AS logins, MIN(timestamp) AS since
FROM postern WHERE index1 = 'postern_logins_total' AND blob3 = 'refused' AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY attestor, reason ORDER BY logins DESC
\`\`\`

The share of logins that are accepted, by five minutes:

\`\`\`sql
SELECT toStartOfInterval(timestamp, INTERVAL '5' MINUTE) AS time,
  SUM(if(blob3 = 'accepted', _sample_interval * double1, 0)) / SUM(_sample_interval * double1) AS accepted
FROM postern WHERE index1 = 'postern_logins_total' AND timestamp > NOW() - INTERVAL '1' DAY GROUP BY time ORDER BY time
\`\`\`

Evidence that was used twice, and loads of keys that failed:

\`\`\`sql
SELECT index1 AS metric, blob2 AS result, SUM(_sample_interval * double1) AS times
FROM postern WHERE index1 IN ('postern_evidence_claims_total', 'postern_key_fetches_total') AND timestamp > NOW() - INTERVAL '1' HOUR
GROUP BY metric, result
\`\`\``
  return `${[NOTE, '# Metrics', intro, formatTable(['metric', 'type', 'labels', 'what it is'], rows), '## Dashboard and alerts', files, '## Queries for Analytics Engine', queries].join('\n\n')}\n`
}

/** Each page by its path, made anew from what it holds. */
export const PAGES: ReadonlyMap<string, (page: string) => string> = new Map([
  ...ATTESTOR_PAGES,
  ['docs/api.md', makeApiPage],
  ['docs/attributes.md', makeAttributesPage],
  ['docs/codes.md', makeCodesPage],
  ['docs/issuer-failures.md', makeIssuerFailuresPage],
  ['docs/events.md', makeEventsPage],
  ['docs/metrics.md', makeMetricsPage],
  ['docs/audit-records.md', makeAuditPage],
])
