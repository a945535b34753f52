// An issuance policy, compiled: what a workload's identity looks like.
import type { ResolvedAttribute } from '../../attribute/catalogue.ts'
import type { Condition } from '../../condition/compile.ts'
import type { Path } from '../../core/issue.ts'
import { JWT_TTL_DEFAULT_SECONDS, X509_TTL_DEFAULT_SECONDS } from '../../core/limits.ts'
import type {
  ClaimTemplate,
  DnsNameTemplate,
  PathTemplate,
  SubjectTemplate,
  Template,
} from '../../template/template.ts'

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

/** Holds if the attribute is there and one of its values is one of these. Counts are compared as strings. */
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
  /** The places of `additionalClaims`, which upstream servers before 0.36.0 do not support. */
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

/** Lists all templates that an issuance renders. */
export function listTemplates(
  { pathTemplate, x509, jwt }: Issuance,
  defaultPath: PathTemplate | undefined,
): readonly Template[] {
  const path = pathTemplate ?? defaultPath
  const subject = x509.subject === undefined ? [] : [x509.subject]
  return [...(path === undefined ? [] : [path]), ...jwt.claims.values(), ...subject, ...x509.dnsNames]
}
