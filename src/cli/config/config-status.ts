// `postern config status`: for each section which version is stored, which is in force, and what keeps them apart; as a
// running gateway tells it, or from the store alone.

import { parseDocumentKey } from '../../config/document-key.ts'
import type { IssueStatus, SectionStatus } from '../../config/live/status.ts'
import { shortDigest } from '../../core/digest.ts'
import { printable } from '../../core/printable.ts'
import { readFlags, readTarget, TARGET_HELP, TARGET_OPTIONS, type Target } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, usageStop } from '../command.ts'
import { openStateStore, STATE_HELP, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE, type StoreFlags } from '../store/store-option.ts'
import { paint } from '../terminal.ts'
import { readGatewayStatus } from './gateway-status.ts'
import { readStoreStatus } from './store-status.ts'

export const configStatus: Command = {
  name: 'config status',
  usage: [
    'config status cluster --id ID --gateway URL [--session TOKEN] [--json]',
    `config status cluster --id ID ${STORE_USAGE} [--json]`,
    `config status trust-domain ${STORE_USAGE} [--json]`,
  ],
  summary: 'Show which versions are stored and in force, and every issue; status 1 if any is unhealthy',
  options: [
    ...TARGET_HELP,
    ['--gateway URL', 'ask this gateway; without it, the store is read'],
    ['--session TOKEN', 'the session of an issuer; default $POSTERN_SESSION, which no process list shows'],
    ...STORE_HELP,
    ...STATE_HELP,
    ['--json', 'print one JSON object, for programs'],
  ],
  run: status,
}

async function status(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    gateway: { type: 'string' },
    session: { type: 'string' },
    json: { type: 'boolean' },
  })
  const { target, rest } = readTarget(positionals, values.id)
  if (rest.length > 0) throw usageStop(`"${rest[0]}" is one word too many: all sections are shown`)
  const sections =
    values.gateway === undefined
      ? await fromStore(target, values, io)
      : await fromGateway(target, values.gateway, values.session, io)
  io.out(
    values.json === true
      ? `${JSON.stringify({ scope: target.scope, sections }, undefined, 2)}\n`
      : textOf(target, sections, values.gateway === undefined ? 'would be in force' : 'in force', io),
  )
  const isThere = sections.some(({ stored }) => stored !== 'absent')
  if (!isThere) io.err(`${target.scope} has no section at all\n`)
  return isThere && sections.every(({ health }) => health === 'HEALTHY') ? EXIT.done : EXIT.refused
}

async function fromStore(
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
    io.err(`Not set: ${sealing.missing.join(', ')}. Whether an older version is in force instead cannot be told\n`)
  }
  return sections
}

function fromGateway(
  target: Target,
  gateway: string,
  session: string | undefined,
  io: Io,
): Promise<readonly SectionStatus[]> {
  const clusterId = parseDocumentKey(target.keyOf('Cluster').text)?.clusterId
  if (clusterId === undefined) throw usageStop('A gateway tells the status of clusters: leave --gateway out')
  const token = session ?? io.environment['POSTERN_SESSION']
  if (token === undefined || token === '') throw usageStop('Set POSTERN_SESSION to the session of an issuer')
  if (!/^[\w.-]+$/.test(token))
    throw usageStop('The session is no token: it has other characters than letters, digits and "._-"')
  return readGatewayStatus(gateway, clusterId, token, io)
}

/** `standing`: how a version in force is called, as a running gateway has it or as one that starts now would. */
function textOf(target: Target, sections: readonly SectionStatus[], standing: Standing, io: Io): string {
  const width = Math.max(...sections.map(({ section }) => section.length))
  const lines = sections.map((section) => {
    const health = section.health.padEnd('UNHEALTHY'.length)
    const painted =
      section.stored === 'absent' && section.health === 'HEALTHY'
        ? paint('-'.padEnd(9), 'dim', io)
        : paint(health, section.health === 'HEALTHY' ? 'green' : 'red', io)
    const found = [
      ...section.issues.map((issue) => issueLine(issue, paint('error', 'red', io))),
      ...section.warnings.map((issue) => issueLine(issue, paint('warning', 'yellow', io))),
    ]
    return `${printable(section.section).padEnd(width)}  ${painted}  ${versionsOf(section, standing)}\n${found.join('')}`
  })
  return `${paint(target.scope, 'bold', io)}\n${lines.join('')}`
}

type Standing = 'in force' | 'would be in force'

function versionsOf(
  { stored, stale, desiredDigest, appliedDigest, appliedAt }: SectionStatus,
  standing: Standing,
): string {
  const old = stale ? ', as it was last read' : ''
  if (stored === 'unknown') return 'the store cannot be read'
  if (stored === 'absent' || desiredDigest === undefined) return `absent${old}`
  const since = appliedAt === undefined ? '' : ` since ${printable(appliedAt)}`
  const desired = printable(shortDigest(desiredDigest))
  if (appliedDigest === undefined)
    return `${desired}, and nothing ${standing === 'in force' ? 'is in force' : standing}${old}`
  if (appliedDigest === desiredDigest) return `${desired}, ${standing}${since}${old}`
  return `${desired}, but ${printable(shortDigest(appliedDigest))} ${standing}${since}${old}`
}

function issueLine({ code, path, line, column, message }: IssueStatus, severity: string): string {
  const place = line === undefined ? '' : `${line}:${column}: `
  return `    ${place}${severity} ${printable(`${code}: ${message}${path === '' ? '' : ` (${path})`}`)}\n`
}
