// `postern explain`: shows why a login is admitted or refused, policy by policy and check by check, with the gateway's own
// engine. Nothing is fetched, and a token is never printed.
import { dirname, resolve } from 'node:path'
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { trustDomainKey } from '../../config/document-key.ts'
import type { SectionName } from '../../config/sections/table.ts'
import { formatInstantSeconds } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { type ExplainReport, makeExplanationJson } from '../../explain/explain-report.ts'
import { makeBodyAnswer, makeLockedVerdict, readVerdict, type Verdict } from '../../explain/explain-verdict.ts'
import { callOffline, createOfflineKeys, NOT_ASKED_OFFLINE } from '../../explain/offline-keys.ts'
import { restoreAttestations } from '../../explain/restore-attestations.ts'
import type { Attestation } from '../../policy/login/evidence.ts'
import { explainLogin } from '../../policy/login/explain-login.ts'
import type { PolicySet } from '../../policy/policy.ts'
import { checkLock, type ScopedRevocations } from '../../policy/revocation/check-revocation.ts'
import { ASSUMED_UNUSED } from '../../policy/single-use/single-use.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, type ExitCode, type Io, makeUsageStop, Stop } from '../command.ts'
import { defineCommand, type Options, type Values } from '../define-command.ts'
import { countIssues, formatIssues, makeIssuesJson } from '../format-issues.ts'
import { makeKeyBeside, readLoginPolicies } from '../login-policies.ts'
import { readAgentAttributesFile } from '../map/map-input.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import { readRevocations, readRevocationsBeside } from '../revocations-beside.ts'
import { readSettingsFor } from '../store/store-option.ts'
import { paint } from '../terminal.ts'
import { readEvidence, readMoment } from './explain-input.ts'
import { readGivenKeys } from './explain-keys.ts'
import { formatExplanation } from './format-explanation.ts'
import { createSectionsBeside } from './sections-beside.ts'

const OPTIONS = {
  evidence: {
    value: 'file',
    help: 'the body of a login as it was sent, or a bare token; "-" for the standard input',
  },
  attributes: {
    value: 'file',
    help: 'in place of --evidence: the answer to a login, its audit record, or a list of attributes',
  },
  at: {
    value: 'time',
    help: 'evaluate at this time: RFC 3339, seconds since the epoch, or "iat", when the token was issued; default now',
  },
  jwks: { value: 'file', help: "the issuer's key set, in place of fetching it" },
  audience: {
    value: 'string',
    help: 'the default audience; default AUDIENCE or spiffe://TRUST_DOMAIN of the environment',
  },
  revocations: {
    value: 'file',
    help: 'a Revocations document; default Revocations.yaml beside the document and in the trust-domain folder of its store',
  },
  'env-file': { value: 'file', help: 'read settings of the gateway from this file, if not in the environment' },
  ...JSON_OPTION,
} as const satisfies Options

export const explain = defineCommand({
  name: 'explain',
  summary: 'Show why a login is admitted or refused, check by check, offline',
  arguments: [['<document>', 'the file with the policies']],
  options: OPTIONS,
  run: ([file], values, io) => runExplain(file, values, io),
})

async function runExplain(file: string, values: Values<typeof OPTIONS>, io: Io): Promise<ExitCode> {
  const { evidence, attributes } = values
  if ((evidence === undefined) === (attributes === undefined))
    throw makeUsageStop('Expected exactly one of: --evidence FILE, --attributes FILE')
  if (attributes !== undefined && (values.at ?? values.jwks ?? values.audience) !== undefined)
    throw makeUsageStop(
      '--at, --jwks and --audience apply to --evidence only: recorded attributes were verified by the gateway',
    )

  const settings = await readSettingsFor(values, io)
  const audience = values.audience ?? settings.audience
  if (evidence !== undefined && audience === undefined)
    throw makeUsageStop('Missing audience that the gateway expects: add --audience, or set AUDIENCE or TRUST_DOMAIN')
  const keys = values.jwks === undefined ? undefined : await readGivenKeys(values.jwks, io)
  const contextFor: OperatorSettings['contextFor'] = (key) => ({
    ...settings.contextFor(key),
    defaultAudiences: [audience ?? ''],
  })
  const document = await readPolicies(file, { ...settings, contextFor }, values.json === true, io)
  if (document === undefined) return EXIT.refused
  const read: Checked<readonly Attestation[]> =
    evidence !== undefined
      ? await readEvidence(evidence, settings.attestors, document.policies, io)
      : pass(await readRecorded(attributes ?? '', settings, io))
  if (!read.ok) {
    const { status, code } = makeBodyAnswer(read.refusal)
    const { detail } = read.refusal
    const verdict = { kind: 'refused', answer: { status, code }, detail }
    io.out(
      values.json === true
        ? `${JSON.stringify({ verdict }, undefined, 2)}\n`
        : `${paint('refused', 'red', io)}: ${status} ${code}: ${printable(detail)}\n`,
    )
    return EXIT.refused
  }

  const nowSeconds = readMoment(values.at, read.value, io)
  const revocations = await readRevocationsFor(file, document, values.revocations, settings, io)
  const explanation = await explainLogin(read.value, document.policies, {
    engine: createConditionEngine(loadPolicyVm()),
    nowSeconds,
    skewSeconds: settings.clockSkewSeconds,
    keys: createOfflineKeys(keys),
    defaultAudience: audience ?? '',
    section: createSectionsBeside(dirname(resolve(io.directory, file)), settings, io),
    fetchJson: () => Promise.resolve(refuse(NOT_ASKED_OFFLINE)),
    callWebhook: callOffline,
    askHost: () => Promise.resolve({ kind: 'refused', refusal: NOT_ASKED_OFFLINE }),
    revocations,
    singleUse: ASSUMED_UNUSED,
  })
  const locked = checkLock(revocations, nowSeconds)
  const report: ExplainReport = {
    document: document.named,
    ...(evidence === undefined ? {} : { at: formatInstantSeconds(nowSeconds) }),
    audience: audience ?? '',
    explanation,
    ...(locked === undefined ? {} : { locked }),
    verdict: locked === undefined ? readVerdict(explanation, document.named.section) : makeLockedVerdict(locked),
  }
  io.out(
    values.json === true
      ? `${JSON.stringify(makeExplanationJson(report), undefined, 2)}\n`
      : formatExplanation(report, io),
  )
  return findExitCode(report.verdict)
}

/** The evidence of a recorded login. */
async function readRecorded(file: string, { attestors }: OperatorSettings, io: Io): Promise<readonly Attestation[]> {
  const restored = restoreAttestations(await readAgentAttributesFile(file, io), attestors)
  if ('attestations' in restored) return restored.attestations
  throw new Stop(EXIT.usage, restored.fault)
}

function findExitCode({ kind }: Verdict): ExitCode {
  return { admitted: EXIT.done, refused: EXIT.refused, undecided: EXIT.undecided }[kind]
}

async function readRevocationsFor(
  file: string,
  { named }: ReadPolicies,
  asked: string | undefined,
  settings: OperatorSettings,
  io: Io,
): Promise<readonly ScopedRevocations[]> {
  const isOfTrustDomain = makeKeyBeside(resolve(io.directory, file), named.section).clusterId === undefined
  const kind = isOfTrustDomain ? 'trust-domain' : 'cluster'
  if (asked === undefined) return readRevocationsBeside(dirname(resolve(io.directory, file)), kind, settings, io)
  const read = await readRevocations(asked, trustDomainKey('Revocations'), settings, io)
  if (read === undefined) throw makeUsageStop(`Cannot read ${asked}: the file does not exist`)
  return [read]
}

interface ReadPolicies {
  readonly named: ExplainReport['document'] & { readonly section: SectionName }
  readonly policies: PolicySet
}

/** Compiles the document; prints its issues and returns `undefined` if it does not compile. */
async function readPolicies(
  file: string,
  settings: OperatorSettings,
  asJson: boolean,
  io: Io,
): Promise<ReadPolicies | undefined> {
  const { document, section, policies } = await readLoginPolicies(file, settings, io)
  const { digest, issues } = document
  if (policies !== undefined) return { named: { file, section, digest }, policies }
  io.out(
    asJson
      ? `${JSON.stringify({ document: { file, section, digest }, ...makeIssuesJson(section, digest, issues) }, undefined, 2)}\n`
      : `${formatIssues(issues, document, io)}${printable(file)}: ${paint('not valid', 'red', io)} (${countIssues(issues)})\n`,
  )
  return undefined
}
