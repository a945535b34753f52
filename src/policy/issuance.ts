// An issuance policy, compiled: what a workload's identity looks like. Which override holds is decided here, the same way
// for every surface.
import type { Attributes, AttributeValue } from '../attribute/attribute.ts'
import type { ResolvedAttribute } from '../attribute/catalogue.ts'
import type { Condition } from '../condition/compile.ts'
import type { Path } from '../core/issue.ts'
import { JWT_TTL_DEFAULT_SECONDS, X509_TTL_DEFAULT_SECONDS } from '../core/limits.ts'
import { type Checked, pass } from '../core/result.ts'
import type { ClaimTemplate, DnsNameTemplate, PathTemplate, SubjectTemplate, Template } from '../template/template.ts'

/** What one workload gets. Legacy templates are already in it; only the platform's default path is not. */
export interface Issuance {
  /** Absent: the default of the cluster's platform. */
  readonly pathTemplate?: PathTemplate
  readonly x509: {
    readonly ttlSeconds: number
    readonly subject?: SubjectTemplate
    readonly dnsNames: readonly DnsNameTemplate[]
  }
  readonly jwt: {
    readonly ttlSeconds: number
    /** By claim name, in document order. */
    readonly claims: ReadonlyMap<string, ClaimTemplate>
  }
}

/** Holds if the attribute is there and one of its values is one of these. Counts are compared as text. */
export interface Match {
  /** Canonical. */
  readonly attribute: string
  readonly values: ReadonlySet<string>
}

/** An override holds if all its matches do, and its condition; it has at least one of them. */
export interface IssuanceOverride {
  readonly when: readonly Match[]
  readonly condition?: Condition
  readonly issuance: Issuance
}

/** Where a document names an attribute, for findings that need other sections. */
export interface AttributeUse {
  readonly attribute: ResolvedAttribute
  readonly path: Path
  readonly offset?: number
  readonly atKey?: boolean
}

export interface IssuancePolicy {
  readonly base: Issuance
  readonly overrides: readonly IssuanceOverride[]
  readonly uses: readonly AttributeUse[]
  /** Where `additionalClaims` stands: upstream servers before 0.36.0 do not know it. */
  readonly additionalClaims: readonly Path[]
}

/** What holds for a cluster without a policy of its own. */
export const DEFAULT_ISSUANCE: IssuancePolicy = {
  base: {
    x509: { ttlSeconds: X509_TTL_DEFAULT_SECONDS, dnsNames: [] },
    jwt: { ttlSeconds: JWT_TTL_DEFAULT_SECONDS, claims: new Map() },
  },
  overrides: [],
  uses: [],
  additionalClaims: [],
}

export interface SelectedIssuance {
  readonly source: 'policy' | 'override'
  /** Of the override, from 0. */
  readonly index?: number
  readonly issuance: Issuance
}

/** Decides the condition of an override; a fault refuses the workload, for it is neither true nor false. */
export type Decide = (condition: Condition, attributes: Attributes) => Checked<boolean>

/** The first override that holds, or else the policy itself. Nothing of the policy is mixed into an override. */
export function selectIssuance(
  policy: IssuancePolicy,
  attributes: Attributes,
  decide: Decide,
): Checked<SelectedIssuance> {
  for (const index of candidatesIn(policy, attributes)) {
    const override = policy.overrides[index]
    if (override === undefined || unmetMatch(override, attributes) !== undefined) continue
    const { condition, issuance } = override
    const decided = condition === undefined ? pass(true) : decide(condition, attributes)
    if (!decided.ok) return decided
    if (decided.value) return pass({ source: 'override', index, issuance })
  }
  return pass({ source: 'policy', issuance: policy.base })
}

/** Why an override does not hold, its condition apart: the first of its matches that does not. */
export function unmetMatch({ when }: IssuanceOverride, attributes: Attributes): Match | undefined {
  return when.find((match) => !holds(match, attributes))
}

function holds({ attribute, values }: Match, attributes: Attributes): boolean {
  const value = attributes.get(attribute)
  return value !== undefined && textsOf(value).some((text) => values.has(text))
}

function textsOf(value: AttributeValue): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** All that an issuance renders. */
export function templatesOf({ pathTemplate, x509, jwt }: Issuance, defaultPath: PathTemplate): readonly Template[] {
  const subject = x509.subject === undefined ? [] : [x509.subject]
  return [pathTemplate ?? defaultPath, ...jwt.claims.values(), ...subject, ...x509.dnsNames]
}

export interface OverrideIndex {
  /** Indexes of overrides, ascending, by attribute and value of the one match that is looked for first. */
  readonly byMatch: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>
  /** Those that a condition alone decides. One that asks for nothing would hold for all, and is in neither. */
  readonly byCondition: readonly number[]
}

/** Made once for each policy: a thousand workloads and ten thousand overrides are ten million comparisons otherwise. */
const INDEXES = new WeakMap<IssuancePolicy, OverrideIndex>()

/** The index of a policy's overrides, made at its first use; for whoever weighs the policy as well. */
export function overrideIndexOf(policy: IssuancePolicy): OverrideIndex {
  const known = INDEXES.get(policy)
  if (known !== undefined) return known
  const index = indexOf(policy.overrides)
  INDEXES.set(policy, index)
  return index
}

/** The overrides that may hold, ascending; the others cannot. */
function candidatesIn(policy: IssuancePolicy, attributes: Attributes): readonly number[] {
  const index = overrideIndexOf(policy)
  const found = new Set(index.byCondition)
  for (const [attribute, byValue] of index.byMatch) {
    const value = attributes.get(attribute)
    if (value === undefined) continue
    for (const text of textsOf(value)) for (const at of byValue.get(text) ?? []) found.add(at)
  }
  return [...found].sort((a, b) => a - b)
}

function indexOf(overrides: readonly IssuanceOverride[]): OverrideIndex {
  const uses = new Map<string, Map<string, number>>()
  for (const { attribute, values } of overrides.flatMap(({ when }) => when)) {
    const counts = entryOf(uses, attribute, () => new Map<string, number>())
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  /** Among how many overrides a match leaves the choice. */
  const ambiguity = ({ attribute, values }: Match): number =>
    [...values].reduce((sum, value) => sum + (uses.get(attribute)?.get(value) ?? 0), 0)

  const byMatch = new Map<string, Map<string, number[]>>()
  const byCondition: number[] = []
  for (const [at, { when, condition }] of overrides.entries()) {
    const [first, ...others] = when
    if (first === undefined) {
      if (condition !== undefined) byCondition.push(at)
      continue
    }
    let anchor = first
    for (const match of others) if (ambiguity(match) < ambiguity(anchor)) anchor = match
    const byValue = entryOf(byMatch, anchor.attribute, () => new Map<string, number[]>())
    for (const value of anchor.values) entryOf(byValue, value, () => []).push(at)
  }
  return { byMatch, byCondition }
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
