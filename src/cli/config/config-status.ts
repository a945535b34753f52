// `postern config status`: shows for each section the stored version, the version in force, and the issues that keep them
// apart, as a running gateway reports them or computed from the store alone.

import { parseDocumentKey } from '../../config/document-key.ts'
import type { SectionStatus } from '../../config/live/status.ts'
import { printable } from '../../core/printable.ts'
import { JSON_OPTION, readTarget, SCOPE, TARGET_OPTIONS, type Target } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_OPTIONS, type StoreFlags } from '../store/store-option.ts'
import { paint } from '../terminal.ts'
import { describeVersions, formatIssueLine, type Standing } from './format-section.ts'
import { readGatewayStatus, readSession, SESSION_OPTIONS } from './gateway-status.ts'
import { readStoreStatus } from './store-status.ts'

export const configStatus = defineCommand({
  name: 'status',
  summary: 'Compare stored and running versions and list every issue; status 1 if a section is unhealthy',
  arguments: [SCOPE],
  options: {
    ...TARGET_OPTIONS,
    gateway: { value: 'url', help: 'ask this gateway; default: read the store' },
    ...SESSION_OPTIONS,
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    ...JSON_OPTION,
  },
  async run([scope], values, io) {
    const target = readTarget(scope, values.id)
    const sections =
      values.gateway === undefined
        ? await readFromStore(target, values, io)
        : await readFromGateway(target, values.gateway, values.session, io)
    io.out(
      values.json === true
        ? `${JSON.stringify({ scope: target.scope, sections }, undefined, 2)}\n`
        : formatSections(target, sections, values.gateway === undefined ? 'would be in force' : 'in force', io),
    )
    const isThere = sections.some(({ stored }) => stored !== 'absent')
    if (!isThere) io.err(`${target.scope} has no stored sections\n`)
    return isThere && sections.every(({ health }) => health === 'HEALTHY') ? EXIT.done : EXIT.refused
  },
})

async function readFromStore(
  target: Target,
  flags: StoreFlags & { readonly state?: string | undefined },
  io: Io,
): Promise<readonly SectionStatus[]> {
  const opened = await openStore(flags, io)
  const state = await openStateStore(flags, opened.store, io)
  const sections = await readStoreStatus(target, opened, state, io.clock())
  const isBad = sections.some(({ desiredDigest, appliedDigest }) => desiredDigest !== appliedDigest)
  const { sealing } = opened.settings
  if (isBad && 'missing' in sealing) {
    io.err(
      `Whether an older version is in force is unknown: to read applied records, set ${sealing.missing.join(', ')}\n`,
    )
  }
  return sections
}

function readFromGateway(
  target: Target,
  gateway: string,
  session: string | undefined,
  io: Io,
): Promise<readonly SectionStatus[]> {
  const clusterId = parseDocumentKey(target.keyOf('Cluster').text)?.clusterId
  if (clusterId === undefined)
    throw makeUsageStop('A gateway reports the status of clusters only, not of the trust domain: remove --gateway')
  return readGatewayStatus({ gateway, session: readSession(session, io) }, clusterId, io)
}

/** `standing`: the words for a version in force, on a running gateway or on one that would start now. */
function formatSections(target: Target, sections: readonly SectionStatus[], standing: Standing, io: Io): string {
  const width = Math.max(...sections.map(({ section }) => section.length))
  const lines = sections.map((section) => {
    const health = section.health.padEnd('UNHEALTHY'.length)
    const painted =
      section.stored === 'absent' && section.health === 'HEALTHY'
        ? paint('-'.padEnd(9), 'dim', io)
        : paint(health, section.health === 'HEALTHY' ? 'green' : 'red', io)
    const found = [
      ...section.issues.map((issue) => formatIssueLine(issue, paint('error', 'red', io))),
      ...section.warnings.map((issue) => formatIssueLine(issue, paint('warning', 'yellow', io))),
    ]
    return `${printable(section.section).padEnd(width)}  ${painted}  ${describeVersions(section, standing)}\n${found.join('')}`
  })
  return `${paint(target.scope, 'bold', io)}\n${lines.join('')}`
}
