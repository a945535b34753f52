// Generates the reference pages from the tables in the code, so that the two cannot differ: npm run docs
import { ALPHABETS } from '../src/attribute/alphabet.ts'
import { CATALOGUE } from '../src/attribute/catalogue.ts'
import type { AttributeRow, Surface } from '../src/attribute/row.ts'
import { ISSUES } from '../src/core/issue.ts'
import { REFUSALS } from '../src/core/refusal.ts'
import { EVENTS } from '../src/gateway/audit/events.ts'
import type { CauseRow } from '../src/net/cause-row.ts'
import { FETCH_CAUSES } from '../src/net/fetch-causes.ts'
import { makeAttestorsPage } from './attestors-page.ts'
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
  const intro = `All attributes. A name that is not listed here is an error where it is written. \`*\` after a name: it is
part of the digest that names an agent in the \`sub\` of its session. A key may be written \`label[k]\`, \`label.k\`,
\`label.[k]\` or \`label.'k'\`.`
  return `${[NOTE, '# Attributes', intro, ...sections].join('\n\n')}\n`
}

function describeKind(row: AttributeRow): string {
  const kind = row.type === 'int' ? 'count' : row.alphabet in ALPHABETS ? row.alphabet : 'text'
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
    'Codes of status 422 are errors of one workload in an answer of the claims endpoint, except the two that concern the agent session.',
    formatTable(
      ['code', 'status', 'title'],
      requests.map(([name, { status, title }]) => [formatCode(name), String(status), title]),
    ),
    '## Evidence',
    'In `refusals` of a login that was refused. `not_accepted` means that the evidence verified: such a login is 403; a login of which no evidence verified is 401.',
    formatTable(
      ['code', 'reason', 'title'],
      evidence.map(([name = '', reason = '', title = '']) => [formatCode(name), formatCode(reason), title]),
    ),
    '## Issues of documents',
    'An error keeps a document from coming into force; a warning does not. An `unhealthy` issue does not either: the document is in force, `config validate` exits 1, and the status is UNHEALTHY.',
    formatTable(
      ['code', 'severity'],
      Object.entries(ISSUES).map(([name, severity]) => [formatCode(name), severity]),
    ),
  ].join('\n\n')}\n`
}

export function makeIssuerFailuresPage(): string {
  const rows = Object.entries(FETCH_CAUSES) as readonly (readonly [string, CauseRow])[]
  return `${[
    NOTE,
    "# When an issuer's keys cannot be fetched",
    `A login that fails because the gateway cannot fetch the discovery document or the key set of an issuer is \`503
signing_key_unavailable\`, whatever failed: the caller reads one sentence, since an unsigned token reaches this point. The
audit record of the login (\`refusals[].failure\`) says what it was: \`keyFetchFailure\` is the cause below,
\`keyFetchReason\` the sentence, \`keyFetchNextStep\` what to do, \`keyFetchUrl\` where. The status of the cluster warns of it
(\`keys_unavailable\`) until a fetch has succeeded.`,
    'Each sentence begins with "the key set" or "the discovery document". `{name}` is a fact of the one failure. On Workers errors have no codes: there a cause is recognised by its status or message where one is listed, and a name that does not resolve or a certificate that is not trusted often comes as one of the statuses 520 to 530, from Cloudflare.',
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
  const intro = `What the gateway reports besides records of requests, in the same stream: one JSON line each, with \`v: 1\`, \`time\` (RFC 3339),
\`event\` and the fields below, of which some may be absent. An event has no \`requestId\`. Each change is reported once per isolate,
never once per request: several isolates or replicas each report what they see themselves. A line has at most 32 KiB, a list at
most five entries; no event holds a token or a key. Names and meanings are never changed.`
  return `${[NOTE, '# Events', intro, ...sections].join('\n\n')}\n`
}

/** Each page by its path, made anew from what it holds. */
export const PAGES: ReadonlyMap<string, (page: string) => string> = new Map([
  ['docs/attestors.md', (page: string) => makeAttestorsPage(page)],
  ['docs/attributes.md', makeAttributesPage],
  ['docs/codes.md', makeCodesPage],
  ['docs/issuer-failures.md', makeIssuerFailuresPage],
  ['docs/events.md', makeEventsPage],
])
