// What another version of the policies would have done with logins that are on record: who would be locked out, who newly admitted.
// A record holds what was proved, so the checks of policies and their conditions are made again; a fact that is not on record
// leaves a login undecided, and never admits.
import type { AttestorTable } from '../attest/table.ts'
import type { ConditionEngine } from '../condition/vm/engine.ts'
import { isJsonObject, type Json, type JsonObject, parseJson, writeCanonicalJson } from '../core/json.ts'
import { JSON_DEPTH_MAX, REPLAY_DECISIONS_MAX, REPLAY_GROUPS_MAX } from '../core/limits.ts'
import { createLru } from '../core/lru.ts'
import { explainAttestations } from '../explain/explain-evidence.ts'
import { createOfflineKeys } from '../explain/offline-keys.ts'
import { rankPolicies } from '../explain/rank-policies.ts'
import { readAgentAttributes } from '../explain/read-agent-attributes.ts'
import { restoreAttestations } from '../explain/restore-attestations.ts'
import type { PolicySet } from '../policy/policy.ts'

export interface ReplayOptions {
  readonly policies: PolicySet
  readonly section: 'AgentAttestation' | 'TrustDomainServerAttestation'
  readonly attestors: AttestorTable
  readonly engine: ConditionEngine
  readonly audience: string
  /** Only logins of this cluster. Default: of every cluster; the report says of which. */
  readonly clusterId?: string
  /** Only records from this time on, in milliseconds since the epoch. */
  readonly sinceMillis?: number
}

export type ChangeKind = 'locked_out' | 'newly_admitted' | 'undecided' | 'other_policy'

/** Logins that change in the same way. */
export interface ChangeGroup {
  readonly kind: ChangeKind
  /** The policy that admitted, or the code of the refusal. */
  readonly before: string
  /** The policy that would admit, the codes of the refusal, or the checks that are not on record. */
  readonly after: string
  readonly count: number
  /** RFC 3339. */
  readonly first: string
  readonly last: string
  /** Of the first one. */
  readonly requestId: string
}

export interface ReplayReport {
  readonly logins: number
  /** Whose logins they are, the first ones: a document is of one cluster. Empty for logins of issuers. */
  readonly clusters: readonly string[]
  readonly unchanged: number
  /** The worst first: lock-outs, then new admissions; within a kind the most first. */
  readonly groups: readonly ChangeGroup[]
  /** Logins in groups that are not listed. */
  readonly groupsOmitted: number
  /** Refused logins of which nothing was verified, and those that no policy decided: the record cannot tell. */
  readonly notReplayed: number
  /** Records of something else. */
  readonly otherRecords: number
  /** The numbers of lines that are not JSON objects, the first ones; from 1. */
  readonly damaged: { readonly count: number; readonly lines: readonly number[] }
}

type Decision =
  | { readonly kind: 'admitted'; readonly policy: string }
  | { readonly kind: 'refused'; readonly codes: string }
  | { readonly kind: 'undecided'; readonly checks: string }

const KINDS: readonly ChangeKind[] = ['locked_out', 'newly_admitted', 'undecided', 'other_policy']
const DAMAGED_LISTED = 5
const CLUSTERS_LISTED = 5
/** Not the policies refused these: another version of them changes nothing. */
const NOT_OF_POLICIES: ReadonlySet<string> = new Set(['evidence_replayed', 'evidence_revoked', 'cluster_locked'])

export interface Replay {
  /** Takes the next line of the audit stream. */
  add(line: string): Promise<void>
  report(): ReplayReport
}

/** Starts a replay. Its memory does not grow with the number of records. */
export function createReplay(options: ReplayOptions): Replay {
  const decisions = createLru<Decision>({ maxEntries: REPLAY_DECISIONS_MAX })
  const groups = new Map<string, ChangeGroup>()
  const counts = { lines: 0, logins: 0, unchanged: 0, notReplayed: 0, otherRecords: 0, damaged: 0, groupsOmitted: 0 }
  const damagedLines: number[] = []
  const clusters = new Set<string>()

  async function decide(record: JsonObject): Promise<Decision | undefined> {
    const read = readAgentAttributes(record)
    if ('fault' in read || read.attributes.length === 0) return undefined
    const key = writeCanonicalJson(record['attributes'] ?? null)
    const known = decisions.get(key)
    if (known !== undefined) return known
    const restored = restoreAttestations(read.attributes, options.attestors)
    if ('fault' in restored) return undefined
    const decision = await decideAgain(restored.attestations, options)
    decisions.set(key, decision)
    return decision
  }

  function note(kind: ChangeKind, before: string, after: string, record: JsonObject): void {
    const key = JSON.stringify([kind, before, after])
    const [time, requestId] = [String(record['time'] ?? ''), String(record['requestId'] ?? '')]
    const group = groups.get(key)
    if (group !== undefined) {
      // RFC 3339 in UTC sorts as text.
      const [first = time, , last = time] = [group.first, time, group.last].sort()
      groups.set(key, { ...group, count: group.count + 1, first, last })
    } else if (groups.size < REPLAY_GROUPS_MAX) {
      groups.set(key, { kind, before, after, count: 1, first: time, last: time, requestId })
    } else counts.groupsOmitted++
  }

  return {
    async add(line) {
      counts.lines++
      if (line.trim() === '') return
      const parsed = parseJson(line, JSON_DEPTH_MAX)
      if (!parsed.ok || !isJsonObject(parsed.value)) {
        counts.damaged++
        if (damagedLines.length < DAMAGED_LISTED) damagedLines.push(counts.lines)
        return
      }
      const record = parsed.value
      if (!isWanted(record, options)) {
        counts.otherRecords++
        return
      }
      counts.logins++
      const { clusterId } = record
      if (typeof clusterId === 'string' && clusters.size < CLUSTERS_LISTED) clusters.add(clusterId)
      const before = readBefore(record)
      const after = before === undefined ? undefined : await decide(record)
      if (before === undefined || after === undefined) {
        counts.notReplayed++
        return
      }
      const change = compare(before, after)
      if (change === undefined) counts.unchanged++
      else note(change.kind, change.before, change.after, record)
    },
    report() {
      const { logins, unchanged, notReplayed, otherRecords, damaged, groupsOmitted } = counts
      const sorted = [...groups.values()].sort(
        (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.count - a.count || (a.after < b.after ? -1 : 1),
      )
      const lines = { count: damaged, lines: damagedLines }
      return {
        logins,
        clusters: [...clusters],
        unchanged,
        groups: sorted,
        groupsOmitted,
        notReplayed,
        otherRecords,
        damaged: lines,
      }
    },
  }
}

function isWanted(record: JsonObject, { section, clusterId, sinceMillis }: ReplayOptions): boolean {
  const { event, v, clusterId: of, time } = record
  if (event !== 'login' || v !== 1) return false
  const isAgent = of !== undefined
  if (isAgent !== (section === 'AgentAttestation')) return false
  if (clusterId !== undefined && of !== clusterId) return false
  return sinceMillis === undefined || (typeof time === 'string' && Date.parse(time) >= sinceMillis)
}

type Before = { readonly policy: string } | { readonly code: string }

/** `undefined` if not the policies decided: a failure of ours, evidence that did not verify, a revocation. */
function readBefore({ outcome, policy, status, refusals, code }: JsonObject): Before | undefined {
  if (outcome === 'admitted' && typeof policy === 'string') return { policy }
  if (status !== 403) return undefined
  const codes = Array.isArray(refusals) ? (refusals as readonly Json[]).flatMap(readCode) : []
  if ([...codes, String(code)].some((one) => NOT_OF_POLICIES.has(one))) return undefined
  return { code: codes.length === 0 ? String(code) : [...new Set(codes)].sort().join(', ') }
}

function readCode(refusal: Json): readonly string[] {
  const code = isJsonObject(refusal) ? refusal['code'] : undefined
  return typeof code === 'string' ? [code] : []
}

async function decideAgain(
  attestations: Parameters<typeof explainAttestations>[0],
  { policies, section, engine, audience }: ReplayOptions,
): Promise<Decision> {
  const { verdict, report } = await explainAttestations(attestations, {
    policies,
    document: { section, digest: '' },
    engine,
    // Recorded evidence has no times of its own left to check.
    atSeconds: 0,
    skewSeconds: 0,
    keys: createOfflineKeys(undefined),
    audience,
    sections: {},
    revocations: [],
  })
  const [nearest] = rankPolicies(report.policies)
  const checks = (nearest?.attestors ?? []).flatMap((one) => (one.state === 'checked' ? one.checks : []))
  if (verdict.kind === 'admitted' && verdict.earlier.length === 0) return { kind: 'admitted', policy: verdict.policy }
  if (verdict.kind !== 'refused') {
    const unknown = checks.filter(({ state }) => state === 'unknown').map(({ name }) => name)
    return { kind: 'undecided', checks: `${nearest?.name ?? ''}: ${unknown.join(', ')}` }
  }
  const failed = [
    ...checks.flatMap(({ state, code }) => (state === 'failed' && code !== undefined ? [code] : [])),
    ...[nearest?.refusal, nearest?.revocation].flatMap((refusal) => refusal?.code ?? []),
  ]
  const codes = failed.length > 0 ? failed : verdict.refusals.map(({ refusal }) => refusal.code)
  return {
    kind: 'refused',
    codes: [...new Set(codes)].sort().join(', ') || (verdict.answer.reason ?? verdict.answer.code),
  }
}

function compare(
  before: Before,
  after: Decision,
): { readonly kind: ChangeKind; readonly before: string; readonly after: string } | undefined {
  const was = 'policy' in before ? before.policy : before.code
  switch (after.kind) {
    case 'admitted':
      if (!('policy' in before)) return { kind: 'newly_admitted', before: was, after: after.policy }
      return before.policy === after.policy ? undefined : { kind: 'other_policy', before: was, after: after.policy }
    case 'refused':
      return 'policy' in before ? { kind: 'locked_out', before: was, after: after.codes } : undefined
    case 'undecided':
      return { kind: 'undecided', before: was, after: after.checks }
  }
}
