// An issuance policy, compiled: what a workload's identity looks like. Which override holds is decided here, the same way
// for every surface.
import type { Attributes } from '../../attribute/attribute.ts'
import type { ResolvedAttribute } from '../../attribute/catalogue.ts'
import type { Condition } from '../../condition/compile.ts'
import type { Path } from '../../core/issue.ts'
import { JWT_TTL_DEFAULT_SECONDS, X509_TTL_DEFAULT_SECONDS } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type {
  ClaimTemplate,
  DnsNameTemplate,
  PathTemplate,
  SubjectTemplate,
  Template,
} from '../../template/template.ts'
import { mergeAscending } from './merge-ascending.ts'
import { findCandidates } from './override-index.ts'

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

/** What choosing an override may ask, and what it may cost. */
export interface ChoiceMeter {
  readonly decide: Decide
  /** Takes fuel of the request; the refusal once there is too little. */
  readonly spend: (fuel: number) => Refusal | undefined
}

/** Measured as fuel for a condition is: to try an override costs four units, and one for each value compared. */
const TRY_FUEL = 4

/**
 * The first override that holds, or else the policy itself. Nothing of the policy is mixed into an override. Each
 * override that is tried costs fuel, for ten thousand that nearly match are tried for each of a thousand workloads.
 */
export function selectIssuance(
  policy: IssuancePolicy,
  attributes: Attributes,
  { decide, spend }: ChoiceMeter,
): Checked<SelectedIssuance> {
  const { fuel, lists } = findCandidates(policy.overrides, attributes)
  const spent = spend(fuel)
  if (spent !== undefined) return refuse(spent)
  if (lists.length === 0) return pass({ source: 'policy', issuance: policy.base })
  const next = mergeAscending(lists)
  for (let index = next(); index !== undefined; index = next()) {
    const override = policy.overrides[index]
    if (override === undefined) continue
    const exhausted = spend(TRY_FUEL + matchFuel(override, attributes))
    if (exhausted !== undefined) return refuse(exhausted)
    if (unmetMatch(override, attributes) !== undefined) continue
    const { condition, issuance } = override
    const decided = condition === undefined ? pass(true) : decide(condition, attributes)
    if (!decided.ok) return decided
    if (decided.value) return pass({ source: 'override', index, issuance })
  }
  return pass({ source: 'policy', issuance: policy.base })
}

/** One unit for each value that comparing may read. */
function matchFuel({ when }: IssuanceOverride, attributes: Attributes): number {
  let fuel = 0
  for (const match of when) {
    const value = attributes.get(match.attribute)
    fuel += typeof value === 'object' ? 1 + value.length : 1
  }
  return fuel
}

/** Why an override does not hold, its condition apart: the first of its matches that does not. */
export function unmetMatch({ when }: IssuanceOverride, attributes: Attributes): Match | undefined {
  return when.find((match) => !holds(match, attributes))
}

function holds({ attribute, values }: Match, attributes: Attributes): boolean {
  const value = attributes.get(attribute)
  if (value === undefined) return false
  // Without a list for one value: this is asked millions of times where ten thousand overrides nearly match.
  return typeof value === 'object' ? value.some((text) => values.has(text)) : values.has(String(value))
}

/** All that an issuance renders. */
export function templatesOf({ pathTemplate, x509, jwt }: Issuance, defaultPath: PathTemplate): readonly Template[] {
  const subject = x509.subject === undefined ? [] : [x509.subject]
  return [pathTemplate ?? defaultPath, ...jwt.claims.values(), ...subject, ...x509.dnsNames]
}
