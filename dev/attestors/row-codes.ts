// Which refusals and findings each attestor can give: the codes that occur in what its module makes use of. A bundler says what
// that is, function by function, so that no list of codes is kept by hand.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { buildSync } from 'esbuild'
import type { Attestor } from '../../src/attest/attestor.ts'
import { HOST_FEATURES, type HostFeature } from '../../src/attest/host-features.ts'
import { ISSUES, type IssueCode } from '../../src/core/issue.ts'
import { findReason, REFUSALS, type RefusalCode } from '../../src/core/refusal.ts'
import { listFields } from './schema-fields.ts'

export interface RowCodes {
  /** In the order of `REFUSALS`, without those that any evidence can be refused with. */
  readonly refusals: readonly RefusalCode[]
  /** In the order of `ISSUES`. */
  readonly issues: readonly IssueCode[]
  /** What only some hosts can do, and an entry or a field of it needs. */
  readonly features: readonly HostFeature[]
}

type CodedRow = Pick<Attestor, 'type' | 'words' | 'configSchema' | 'reissue' | 'challenge' | 'callOut'>

const KEYS_USE = /\bkeys\.look\(/
const readsTokens = (bundle: string): boolean => KEYS_USE.test(bundle)

/** What the gateway lends to a row: how its use is recognised, and the files that refuse in the row's place. */
const LENT: readonly (readonly [use: RegExp, files: string])[] = [
  [KEYS_USE, 'src/token/keys/key-refusals.ts'],
  [/\.section\(/, 'src/gateway/attest-context.ts'],
  [/\.callWebhook\(/, 'src/gateway/webhook/call-*.ts'],
]
const CHALLENGE = 'src/token/challenge.ts'

/** What a row catches, and answers with a code of its own: a document of a cloud is read as the claims of a token are. */
const CAUGHT: Readonly<Record<string, readonly RefusalCode[]>> = {
  aws_iid: ['claim_missing', 'claim_malformed'],
  azure_imds: ['claim_missing', 'claim_malformed'],
}
/** A fault of JSON with the name of a finding. */
const NO_FINDINGS: readonly IssueCode[] = ['encoding_invalid']

/** Findings that all token rows share the code for, and the fields that they are about: a row without such a field gives none. */
const ABOUT_FIELDS: readonly (readonly [fields: RegExp, codes: readonly IssueCode[]])[] = [
  [/^(?:jwks|publicKeys)$/, ['field_conflict', 'value_out_of_range', 'key_unusable', 'key_skipped']],
  [/UR[LI]s?$/, ['url_forbidden', 'issuer_forbidden']],
]

const isEvidenceCode = (code: RefusalCode): boolean => findReason(code) !== undefined
const REFUSAL_CODES = (Object.keys(REFUSALS) as readonly RefusalCode[]).filter(isEvidenceCode)
const ISSUE_CODES = (Object.keys(ISSUES) as readonly IssueCode[]).filter((code) => !NO_FINDINGS.includes(code))

/** Where the row of a type is, by the rule of ARCHITECTURE.md. */
export function findRowFile(type: string): string {
  const folder = type.replaceAll('_', '-')
  return `src/attest/${folder}/${folder}.ts`
}

/** The codes of each row, by type: reads and bundles its module. Throws if a row is not where {@link findRowFile} says. */
export function readRowCodes(rows: readonly CodedRow[]): ReadonlyMap<string, RowCodes> {
  for (const { type } of rows)
    if (!existsSync(findRowFile(type)))
      throw new Error(`The row of ${type} must be in ${findRowFile(type)}: its codes are read there`)
  const { outputFiles } = buildSync({
    entryPoints: Object.fromEntries(rows.map(({ type }) => [type, findRowFile(type)])),
    bundle: true,
    write: false,
    outdir: 'bundles',
    format: 'esm',
    minifySyntax: true,
    packages: 'external',
    // The tables of all codes, which would otherwise be in each bundle.
    external: ['*/core/refusal.ts', '*/core/issue.ts'],
    logLevel: 'error',
  })
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text]))
  return new Map(rows.map((row) => [row.type, readCodes(row, texts.get(row.type) ?? '')]))
}

function readCodes({ type, words, configSchema, reissue, challenge, callOut }: CodedRow, bundle: string): RowCodes {
  const own = readLiterals(bundle)
  const features = (Object.keys(HOST_FEATURES) as readonly HostFeature[]).filter((feature) => own.has(feature))
  const lent = LENT.filter(([use]) => use.test(bundle)).map(([, files]) => files)
  const files = [...lent, ...(challenge === undefined ? [] : [CHALLENGE])].flatMap((files) => globSync(files))
  const refusals = new Set([...own, ...files.flatMap((file) => [...readLiterals(readFileSync(file, 'utf8'))])])
  if (challenge !== undefined) refusals.add('challenge_missing')
  if (features.length > 0) refusals.add('host_unsupported')
  for (const code of CAUGHT[type] ?? []) refusals.delete(code)
  const findings = new Set(own)
  const fields = listFields(configSchema)
  for (const [about, codes] of readsTokens(bundle) ? ABOUT_FIELDS : [])
    if (!fields.some(({ name }) => about.test(name))) for (const code of codes) findings.delete(code)
  // Given for a row by the sections that name it.
  if (words.unscoped !== undefined) findings.add(words.unscoped.code ?? 'trust_unscoped')
  if (challenge !== undefined) findings.add('challenge_unavailable')
  else if (reissue !== undefined) findings.add(reissue.how === 'never' ? 'single_use_impossible' : 'single_use_cached')
  if (callOut !== undefined) findings.add('call_out_alone').add('call_out_trusted')
  if (features.length > 0) findings.add('attestor_unsupported_here')
  return {
    refusals: REFUSAL_CODES.filter((code) => refusals.has(code)),
    issues: ISSUE_CODES.filter((code) => findings.has(code)),
    features,
  }
}

function readLiterals(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/(["'`])([a-z][a-z0-9_]*)\1/g), ([, , literal = '']) => literal))
}

/** The refusals that any evidence can get, whatever its attestor: of its policy, and of what was used or revoked. */
export function listCommonRefusals(codes: ReadonlyMap<string, RowCodes>): readonly RefusalCode[] {
  const ofRows = new Set([...codes.values()].flatMap(({ refusals }) => refusals))
  return REFUSAL_CODES.filter((code) => !ofRows.has(code))
}
