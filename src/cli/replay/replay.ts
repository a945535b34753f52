// `postern replay`: what another version of the policies would have done with the logins that are on record. Nothing is fetched, and
// records hold no tokens.
import { createConditionEngine } from '../../condition/vm/engine.ts'
import { parseAnyInstantSeconds } from '../../core/instant.ts'
import { printable } from '../../core/printable.ts'
import { createReplay, type ReplayReport } from '../../policy-tests/replay.ts'
import { loadPolicyVm } from '../../runtime/load-policy-vm.ts'
import { JSON_OPTION } from '../arguments.ts'
import { EXIT, type ExitCode, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { formatIssues } from '../format-issues.ts'
import { readLoginPolicies } from '../login-policies.ts'
import { readSettingsFor } from '../store/store-option.ts'
import { readAuditLines } from './audit-lines.ts'
import { formatReplay } from './format-replay.ts'

export const replay = defineCommand({
  name: 'replay',
  summary: 'Show which recorded logins another version of the policies would lock out or admit',
  arguments: [
    ['<audit>', 'a file of audit records, as the gateway prints them: one JSON object a line'],
    ['<document>', 'the file with the policies'],
  ],
  options: {
    cluster: { value: 'id', help: 'only logins of this cluster; needed where the records are of several' },
    since: { value: 'time', help: 'only records from this time on, RFC 3339' },
    audience: {
      value: 'string',
      help: 'the default audience; default AUDIENCE or spiffe://TRUST_DOMAIN of the environment',
    },
    'env-file': { value: 'file', help: 'read settings of the gateway from this file, if not in the environment' },
    ...JSON_OPTION,
  },
  async run([audit, file], values, io) {
    const sinceMillis = values.since === undefined ? undefined : readSince(values.since)
    const settings = await readSettingsFor(values, io)
    const audience = values.audience ?? settings.audience
    if (audience === undefined)
      throw makeUsageStop('Missing audience that the gateway expects: add --audience, or set AUDIENCE or TRUST_DOMAIN')
    const { document, section, policies } = await readLoginPolicies(file, settings, io)
    if (section === 'ServerlessAttestation')
      throw new Stop(EXIT.usage, `${file} contains ${section}, whose requests leave no record of a login`)
    if (policies === undefined) {
      io.err(formatIssues(document.issues, document, io))
      throw new Stop(EXIT.usage, `${printable(file)} is not valid: nothing was replayed`)
    }
    const replayed = createReplay({
      policies,
      section,
      attestors: settings.attestors,
      engine: createConditionEngine(loadPolicyVm()),
      audience,
      ...(values.cluster === undefined ? {} : { clusterId: values.cluster }),
      ...(sinceMillis === undefined ? {} : { sinceMillis }),
    })
    for await (const line of readAuditLines(audit, io)) await replayed.add(line)
    const report = replayed.report()
    if (report.logins === 0)
      throw new Stop(
        EXIT.usage,
        `${audit} has no login of ${describeWanted(section, values.cluster)}: give the records of the gateway, one a line`,
      )
    if (report.clusters.length > 1) {
      const found = report.clusters.map((id) => printable(id)).join(', ')
      throw makeUsageStop(
        `${audit} has logins of several clusters (${found}), and a document is of one: add --cluster ID`,
      )
    }
    io.out(values.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatReplay(report, io))
    return findExitCode(report)
  },
})

function readSince(text: string): number {
  const seconds = parseAnyInstantSeconds(text)
  if (seconds !== undefined) return seconds * 1000
  throw makeUsageStop(`--since "${text}" is not a time: expected RFC 3339 such as 2026-01-31T12:00:00Z`)
}

function describeWanted(section: string, cluster: string | undefined): string {
  if (section === 'TrustDomainServerAttestation') return 'an issuer'
  return cluster === undefined ? 'a cluster' : `the cluster ${cluster}`
}

/** As `explain` ends: a lock-out is a refusal, and what the records cannot tell is undecided. */
function findExitCode({ groups }: ReplayReport): ExitCode {
  if (groups.some(({ kind }) => kind === 'locked_out')) return EXIT.refused
  return groups.some(({ kind }) => kind === 'undecided') ? EXIT.undecided : EXIT.done
}
