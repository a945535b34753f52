// docs/attestors.md: all attestors in one table, what is documented and has no row, and what all evidence can be refused with.
import { HOST_FEATURES, HOST_NAMES } from '../../src/attest/host-features.ts'
import { createAttestorTable } from '../../src/attest/table.ts'
import { blockNames, replaceBlock } from '../block.ts'
import { formatCode, formatTable } from '../markdown.ts'
import { type DescribedAttestor, FEATURE_FIELDS, formatRefusals } from './attestor-page.ts'
import { listCommonRefusals, type RowCodes } from './row-codes.ts'
import { listFields } from './schema-fields.ts'

const BLOCKS = ['attestors', 'not-built', 'common-refusals']

/** The index anew. Throws if it has a block that is not of these, such as the section of a row, which has a page of its own. */
export function makeAttestorsIndex(
  page: string,
  rows: readonly DescribedAttestor[],
  codes: ReadonlyMap<string, RowCodes>,
): string {
  const stale = blockNames(page).filter((name) => !BLOCKS.includes(name))
  if (stale.length > 0)
    throw new Error(
      `docs/attestors.md has the block ${stale.join(', ')}: what is written of an attestor belongs into docs/attestors/<type>.md; move it there and remove the section`,
    )
  const blocks = {
    attestors: describeRows(rows, codes),
    'not-built': describeNotBuilt(),
    'common-refusals': formatRefusals(listCommonRefusals(codes)),
  }
  return Object.entries(blocks).reduce((made, [name, text]) => replaceBlock(made, name, text), page)
}

function describeRows(rows: readonly DescribedAttestor[], codes: ReadonlyMap<string, RowCodes>): string {
  return formatTable(
    ['type', 'what it proves', 'evidence', 'challenge', 'hosts', 'single use'],
    rows.map((row) => [
      `[${formatCode(row.type)}](attestors/${row.type}.md)`,
      findProof(row),
      listFields(row.evidenceSchema)
        .filter(({ isRequired }) => isRequired)
        .map(({ name }) => formatCode(name))
        .join(', '),
      row.challenge === undefined ? 'no' : 'yes',
      describeHosts(codes.get(row.type)),
      describeUse(row),
    ]),
  )
}

/** What the sentence of the summary that begins with "It proves" says; of a row that asks another service, what it is. */
export function findProof({ words: { summary }, callOut }: Pick<DescribedAttestor, 'words' | 'callOut'>): string {
  const sentences = summary.split(/(?<=\.) (?=[A-Z])/)
  const [proof = sentences[0] ?? ''] = sentences.filter((sentence) => sentence.startsWith('It proves '))
  const words = proof.replace(/^It proves /, '').replace(/\.$/, '')
  return `${callOut === undefined ? '' : 'nothing to the gateway: '}${words.charAt(0).toLowerCase()}${words.slice(1)}`
}

function describeHosts(codes: RowCodes | undefined): string {
  const [feature] = codes?.features ?? []
  if (feature === undefined) return 'all'
  const { hosts }: { readonly hosts: readonly string[] } = HOST_FEATURES[feature]
  const field = FEATURE_FIELDS[feature]
  const able = HOST_NAMES.filter((host) => hosts.includes(host)).join(', ')
  return field === undefined ? able : `all; with ${formatCode(field)} ${able}`
}

function describeUse({ challenge, reissue, callOut }: DescribedAttestor): string {
  if (callOut !== undefined) return 'by the service'
  if (challenge !== undefined) return 'each challenge'
  if (reissue === undefined) return 'possible'
  return reissue.how === 'never' ? 'impossible' : 'costs a second login'
}

function describeNotBuilt(): string {
  const { unsupported } = createAttestorTable()
  if (unsupported.size === 0) return 'Every documented attestor is built.'
  return `Not built: ${[...unsupported].map(formatCode).join(', ')}.`
}
