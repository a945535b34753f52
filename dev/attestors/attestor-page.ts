// docs/attestors/<type>.md: one page for each attestor, all in the same order. What the code knows is made of it, in blocks between
// two comments; the rest is written by hand. A new row of the table gets a page with what is left to write.
import type { Attestor } from '../../src/attest/attestor.ts'
import { HOST_FEATURES, type HostFeature } from '../../src/attest/host-features.ts'
import { CATALOGUE } from '../../src/attribute/catalogue.ts'
import { ISSUES } from '../../src/core/issue.ts'
import { findReason, type RefusalCode } from '../../src/core/refusal.ts'
import { blockComments, blockNames, replaceBlock } from '../block.ts'
import { describeCause } from '../code-causes.ts'
import { formatCode, formatTable } from '../markdown.ts'
import { FINDING_CAUSES } from './finding-causes.ts'
import type { RowCodes } from './row-codes.ts'
import { listFields } from './schema-fields.ts'

export type DescribedAttestor = Pick<
  Attestor,
  | 'type'
  | 'words'
  | 'evidenceSchema'
  | 'configSchema'
  | 'configOptional'
  | 'challenge'
  | 'challengeSchema'
  | 'reissue'
  | 'callOut'
>

/** The headings of each page, in order, with the block below each; those without one are written by hand. */
const HEADINGS = [
  ['Policy', undefined],
  ['Evidence', 'evidence'],
  ['Configuration', 'configuration'],
  ['Challenge', 'challenge'],
  ['Attributes', 'attributes'],
  ['Refusals', 'refusals'],
  ['Findings', 'findings'],
  ['Single use', 'single-use'],
  ['Upstream', undefined],
] as const satisfies readonly (readonly [heading: string, block: string | undefined])[]

export type PageHeading = (typeof HEADINGS)[number][0]

const MAKERS = {
  proves: ({ words }) => deepen(words.summary),
  evidence: describeEvidence,
  configuration: describeConfiguration,
  challenge: describeChallenge,
  attributes: describeAttributes,
  refusals: describeRefusals,
  findings: describeFindings,
  'single-use': describeSingleUse,
} as const satisfies Readonly<Record<string, (row: DescribedAttestor, codes: RowCodes) => string>>

/**
 * The page anew. An empty page gets all headings and blocks. Throws if it has a block that no row makes, or lacks one.
 *
 * @param page what the file holds; empty for a row without a page
 */
export function makeAttestorPage(page: string, row: DescribedAttestor, codes: RowCodes): string {
  const stale = blockNames(page).filter((name) => !Object.hasOwn(MAKERS, name))
  if (stale.length > 0) throw new Error(`The page of ${row.type} has the unknown block ${stale.join(', ')}: remove it`)
  let made = page === '' ? makeSkeleton(row.type) : page
  for (const [name, make] of Object.entries(MAKERS)) made = replaceBlock(made, name, make(row, codes))
  return made
}

function makeSkeleton(type: string): string {
  const block = (name: string): string => blockComments(name).join('\n\n\n\n')
  const sections = HEADINGS.map(([heading, name]) => [`## ${heading}`, ...(name === undefined ? [] : [block(name)])])
  return `${[`# ${type}`, block('proves'), ...sections.flat()].join('\n\n')}\n`
}

/** What is below a heading of a page, up to the next one. Throws if the page does not have the heading. */
export function readPart(page: string, heading: PageHeading): string {
  const parts = page.split(/^## /m).filter((part) => part.startsWith(`${heading}\n`))
  if (parts.length !== 1) throw new Error(`A page of an attestor needs one heading "## ${heading}"`)
  return (parts[0] ?? '').slice(heading.length)
}

/** The headings as a page has them. */
export function listHeadings(): readonly PageHeading[] {
  return HEADINGS.map(([heading]) => heading)
}

/** Links are written for pages of docs/; these are one folder below. */
function deepen(text: string): string {
  return text.replaceAll(/\]\((?!https?:|#|\.\.?\/)/g, '](../')
}

function describeEvidence({ words, evidenceSchema }: DescribedAttestor): string {
  const fields = listFields(evidenceSchema).map(({ name, isRequired }) =>
    isRequired ? formatCode(name) : `${formatCode(name)} (optional)`,
  )
  return `Evidence is ${words.evidence}: ${fields.join(', ')}.`
}

function describeConfiguration({ configSchema, configOptional }: DescribedAttestor, { features }: RowCodes): string {
  const rows = listFields(configSchema).map(({ name, isRequired, what }) => [
    formatCode(name),
    isRequired ? 'yes' : '',
    what,
  ])
  const hosts = features.map((feature) => {
    const { does, hosts } = HOST_FEATURES[feature]
    const field = FEATURE_FIELDS[feature]
    return `${field === undefined ? 'Needs' : `${formatCode(field)} needs`} a host that can ${does}: ${hosts.join(', ')}.`
  })
  return [
    `\`config\` is ${configOptional ? 'optional' : 'required'}.`,
    formatTable(['`config`', 'required', 'what it is'], rows),
    ...hosts,
  ].join('\n\n')
}

/** Features that one field needs, and not the whole attestor. */
export const FEATURE_FIELDS: Readonly<Partial<Record<HostFeature, string>>> = { own_authorities: 'caCerts' }

function describeChallenge({ type, challenge, challengeSchema }: DescribedAttestor): string {
  if (challenge === undefined) return 'None: the evidence is sent without one.'
  const request = challengeSchema === undefined ? [] : listFields(challengeSchema).map(({ name }) => formatCode(name))
  const asked = request.length === 0 ? '' : `, with \`request\`: ${request.join(', ')}`
  return `Required. Ask for one with \`{"type": "${type}"}\`${asked}, and send it back with the evidence within a minute. An agent asks at
\`POST /v1/clusters/{clusterId}/challenge\`, an issuer at \`/v1/trust-domain/challenge\`. Challenges need the setting \`SEAL_KEYS\`.`
}

function describeAttributes({ type }: DescribedAttestor): string {
  // An extension's attributes are named `custom.<key>`: the origin says whose they are.
  const rows = CATALOGUE.filter(({ origin }) => origin === type)
  return formatTable(
    ['attribute', 'may be absent', 'what it is'],
    rows.map(({ name, optional, description }) => [formatCode(name), optional ? 'yes' : '', description]),
  )
}

function describeRefusals({ configSchema }: DescribedAttestor, { refusals }: RowCodes): string {
  const fields = new Set(listFields(configSchema).map(({ name }) => name.split('.').at(-1) ?? ''))
  // "Compare it with the attestor" is said on its own page.
  return deepen(formatRefusals(refusals, fields).replaceAll('[attestor](attestors.md)', 'attestor'))
}

/** @param fields those of the attestor whose page it is; links are as for a page of docs/ */
export function formatRefusals(codes: readonly RefusalCode[], fields: ReadonlySet<string> = new Set()): string {
  return formatTable(
    ['code', 'reason', 'cause', 'what to do'],
    codes.map((code) => [formatCode(code), formatCode(findReason(code) ?? ''), ...describeCause(code, fields)]),
  )
}

function describeFindings({ words: { unscoped } }: DescribedAttestor, { issues }: RowCodes): string {
  const table = formatTable(
    ['code', 'severity', 'when'],
    issues.map((code) => [formatCode(code), ISSUES[code], FINDING_CAUSES[code] ?? '']),
  )
  if (unscoped === undefined) return table
  const { code = 'trust_unscoped', admits, next } = unscoped
  return `${table}\n\n\`${code}\`: ${admits}. ${next.charAt(0).toUpperCase()}${next.slice(1)}.`
}

function describeSingleUse({ challenge, reissue, callOut }: DescribedAttestor): string {
  if (callOut !== undefined)
    return 'The gateway keeps nothing of this evidence to tell it again by: the called service must refuse what was used.'
  if (challenge !== undefined)
    return 'Where there is a [store of used evidence](../operate.md#the-store-of-used-evidence), a challenge admits once, with or without [`singleUse`](../policies.md#evidence-that-works-once).'
  if (reissue === undefined)
    return 'Possible with [`singleUse`](../policies.md#evidence-that-works-once): evidence is made anew for each request, or as often as its issuer makes it.'
  const { how, words, fresh } = reissue
  if (how === 'never')
    return `Impossible, since ${words}: [\`singleUse\`](../policies.md#evidence-that-works-once) is an error.`
  const next = fresh ?? 'make sure that agents do not need a second login within this time'
  return `With [\`singleUse\`](../policies.md#evidence-that-works-once) the second login with the same evidence is refused, and ${words}: ${next}.`
}
