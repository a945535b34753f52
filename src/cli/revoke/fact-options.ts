// The flags that name what an entry revokes, and the time until which it does.
import { resolveAttribute } from '../../attribute/catalogue.ts'
import { parseDurationSeconds } from '../../core/duration.ts'
import { floorToSeconds, parseInstantSeconds } from '../../core/instant.ts'
import type { RevokedFact } from '../../policy/revocation/revocation.ts'
import { makeUsageStop } from '../command.ts'
import type { Options } from '../define-command.ts'

export const FACT_OPTIONS = {
  pod: { value: 'namespace/uid', help: 'a pod, by its namespace and metadata.uid' },
  'service-account': { value: 'namespace/name', help: 'a service account, and every pod that uses it' },
  node: { value: 'name', help: 'a node, and every pod on it' },
  attribute: { value: 'name=value', help: 'whatever has this value of this attribute' },
  token: { value: 'jti', help: 'one token, by its claim jti; with --issuer' },
  issuer: { value: 'url', help: 'the claim iss of --token, exactly' },
  session: { value: 'id', help: 'one session, by its id (jti), as audit records and answers have it' },
} as const satisfies Options

export const UNTIL_OPTIONS = {
  until: { value: 'time', help: 'the end: RFC 3339 in UTC, such as 2026-12-31T12:00:00Z', conflicts: ['for'] },
  for: { value: 'duration', help: 'the end, from now: a duration such as 24h or 90m' },
} as const satisfies Options

type FactFlags = { readonly [Name in keyof typeof FACT_OPTIONS]?: string | undefined }

/** @throws a usage Stop unless exactly one fact is named */
export function readFact(flags: FactFlags): RevokedFact {
  const { pod, 'service-account': account, node, attribute, token, issuer, session } = flags
  const named = [pod, account, node, attribute, token, session].filter((flag) => flag !== undefined)
  if (named.length !== 1)
    throw makeUsageStop(
      'Expected exactly one of: --pod, --service-account, --node, --attribute, --token with --issuer, --session',
    )
  if ((token === undefined) !== (issuer === undefined)) throw makeUsageStop('Expected --token and --issuer together')
  if (pod !== undefined) {
    const [namespace, uid] = split(pod, '/', '--pod must be a namespace and a UID: spirl-system/778a530c-b3f4-...')
    return { kind: 'pod', namespace, uid }
  }
  if (account !== undefined) {
    const [namespace, name] = split(
      account,
      '/',
      '--service-account must be a namespace and a name: spirl-system/agent',
    )
    return { kind: 'serviceAccount', namespace, name }
  }
  if (attribute !== undefined) {
    const [name, value] = split(attribute, '=', '--attribute must be a name and a value: kubernetes.pod.label[app]=web')
    // One spelling, so that the entry is found again; an unknown name is refused when the document is compiled.
    return { kind: 'attribute', name: resolveAttribute(name)?.name ?? name, value }
  }
  if (node !== undefined) return { kind: 'node', name: node }
  if (session !== undefined) return { kind: 'session', id: session }
  return { kind: 'tokenId', issuer: issuer ?? '', jti: token ?? '' }
}

/** Splits at the first separator. */
function split(text: string, separator: string, expected: string): readonly [string, string] {
  const at = text.indexOf(separator)
  if (at <= 0 || at === text.length - 1) throw makeUsageStop(expected)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** @throws a usage Stop unless one time in the future is given */
export function readUntil(
  flags: { readonly until?: string | undefined; readonly for?: string | undefined },
  nowMillis: number,
): number {
  const nowSeconds = floorToSeconds(nowMillis)
  const duration = flags.for === undefined ? undefined : parseDurationSeconds(flags.for)
  if (flags.for !== undefined && duration === undefined)
    throw makeUsageStop(`--for "${flags.for}" is not a duration: write 24h, 90m or 3600s`)
  const seconds =
    duration === undefined
      ? flags.until === undefined
        ? undefined
        : parseInstantSeconds(flags.until)
      : nowSeconds + duration
  if (flags.until === undefined && flags.for === undefined)
    throw makeUsageStop('Expected --until TIME or --for DURATION')
  if (seconds === undefined)
    throw makeUsageStop(`--until "${flags.until}" is not a time: write RFC 3339 in UTC, such as 2026-12-31T12:00:00Z`)
  if (seconds <= nowSeconds) throw makeUsageStop('The end is not in the future: nothing would be revoked')
  return seconds
}
