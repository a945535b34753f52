// One workload's attributes become its identity: SPIFFE ID, JWT claims, X.509 subject. The first thing that is wrong ends
// it and is named; nothing is left out, shortened or guessed.
import type { Attributes, AttributeValue } from '../../attribute/attribute.ts'
import type { Surface } from '../../attribute/row.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { isWithin, type PathBounds } from '../../identity/path-prefixes.ts'
import type { SpiffeId } from '../../identity/spiffe-id.ts'
import type { TrustDomain } from '../../identity/trust-domain.ts'
import { renderClaim } from '../../template/claim.ts'
import { renderDnsName } from '../../template/dns-name.ts'
import { renderPath } from '../../template/path.ts'
import { renderSubject } from '../../template/subject.ts'
import type { PathTemplate } from '../../template/template.ts'
import type { Issuance, IssuancePolicy } from './issuance.ts'
import { countJsonBytes } from './json-length.ts'
import type { MappingMeter } from './mapping-meter.ts'
import { countClaimBytes, countDnsNameBytes, countIdBytes, type Rendering, renderWithin } from './rendering.ts'
import { type SelectedIssuance, selectIssuance } from './select-issuance.ts'

/** What is wrong with using a part of the policy in this cluster at all: a server too old, an attribute not enabled. */
export interface MappingGates {
  /** The first override that cannot be decided, for what it asks of never comes. */
  readonly undecidable: { readonly index: number; readonly refusal: Refusal } | undefined
  /** Why what was selected cannot be rendered. */
  refusalFor(selected: SelectedIssuance): Refusal | undefined
}

export interface MappingContext {
  readonly trustDomain: TrustDomain
  readonly policy: IssuancePolicy
  /** The cluster has no issuance policy of its own: the platform's defaults hold. */
  readonly isDefault: boolean
  readonly gates: MappingGates
  /** What the request may cost. */
  readonly meter: MappingMeter
  /** Absent: the platform has none, and each policy has to have its own. */
  readonly defaultPath: PathTemplate | undefined
  /** Where `TrustDomain` lists any cluster: which paths this one may render. Otherwise `undefined`. */
  readonly pathBounds: PathBounds | undefined
  /** `cluster.*` and the like, from configuration alone. */
  readonly builtIns: Attributes
  /** Of the agent's session, if one was sent. */
  readonly agent: Attributes | undefined
}

export interface Identity {
  readonly spiffeId: string
  readonly policy: { readonly source: 'policy' | 'override' | 'default'; readonly index?: number }
  readonly jwt: { readonly ttlSeconds: number; readonly claims: Readonly<Record<string, string | readonly string[]>> }
  readonly x509: { readonly ttlSeconds: number; readonly subject?: string; readonly dnsNames: readonly string[] }
}

export interface MappingRefusal {
  readonly refusal: Refusal
  readonly surface?: Surface
}

export type Mapped = { readonly ok: true; readonly value: Identity } | ({ readonly ok: false } & MappingRefusal)

/** Maps one workload, whose own attributes are `workload`. */
export function mapWorkload(workload: Attributes, context: MappingContext): Mapped {
  return mapOwned(new Map(workload), context)
}

/**
 * Maps one workload and adds the attributes of the other sides to `workload`, which the caller must not use afterwards.
 */
export function mapOwned(workload: Map<string, AttributeValue>, context: MappingContext): Mapped {
  const merged = mergeInto(workload, context)
  if (!merged.ok) return refuseMapping(merged.refusal)
  const attributes = merged.value

  const selected = selectChecked(context, attributes)
  if (!selected.ok) return refuseMapping(selected.refusal)
  const { issuance, index } = selected.value
  const source = context.isDefault ? 'default' : selected.value.source

  const rendering: Rendering = { attributes, meter: context.meter, bytes: 0 }
  const path = issuance.pathTemplate ?? context.defaultPath
  if (path === undefined) return refuseMapping(PATH_TEMPLATE_MISSING, 'pathTemplate')
  const spiffeId = renderWithin(
    rendering,
    path,
    (template) => renderPath(template, attributes, context.trustDomain),
    countIdBytes,
  )
  if (!spiffeId.ok) return refuseMapping(spiffeId.refusal, 'pathTemplate')
  const { pathBounds } = context
  if (pathBounds !== undefined && !isWithin(spiffeId.value.path, pathBounds)) {
    return refuseMapping(refusePath(spiffeId.value, pathBounds), 'pathTemplate')
  }
  const claims = renderClaims(issuance, rendering)
  if (!claims.ok) return refuseMapping(claims.refusal, 'jwtClaim')
  const name = issuance.x509.subject
  const subject = name && renderWithin(rendering, name, renderSubject, countJsonBytes)
  if (subject?.ok === false) return refuseMapping(subject.refusal, 'x509Subject')
  const dnsNames: string[] = []
  for (const template of issuance.x509.dnsNames) {
    const dnsName = renderWithin(rendering, template, renderDnsName, countDnsNameBytes)
    if (!dnsName.ok) return refuseMapping(dnsName.refusal, 'dnsName')
    dnsNames.push(dnsName.value)
  }
  // One that is refused takes none: it is not in the answer.
  context.meter.takeBytes(rendering.bytes)

  return {
    ok: true,
    value: {
      spiffeId: spiffeId.value.text,
      policy: index === undefined ? { source } : { source, index },
      jwt: { ttlSeconds: issuance.jwt.ttlSeconds, claims: claims.value },
      x509: {
        ttlSeconds: issuance.x509.ttlSeconds,
        ...(subject === undefined ? {} : { subject: subject.value }),
        dnsNames,
      },
    },
  }
}

function refuseMapping(refusal: Refusal, surface?: Surface): Mapped {
  return surface === undefined ? { ok: false, refusal } : { ok: false, refusal, surface }
}

/** Three sides, each of which speaks for its own attributes alone. A name of two sides belongs to neither. */
export function mergeAttributes(
  workload: Attributes,
  sides: Pick<MappingContext, 'builtIns' | 'agent'>,
): Checked<Attributes> {
  return mergeInto(new Map(workload), sides)
}

function mergeInto(
  merged: Map<string, AttributeValue>,
  { builtIns, agent }: Pick<MappingContext, 'builtIns' | 'agent'>,
): Checked<Attributes> {
  for (const side of [agent, builtIns]) {
    for (const [name, value] of side ?? []) {
      if (merged.has(name)) {
        return refuse({
          code: 'attribute_conflict',
          where: name,
          detail: `${name} comes from two sources: send it from one of them`,
        })
      }
      merged.set(name, value)
    }
  }
  return pass(merged)
}

/**
 * Selects the part of the policy that applies to this workload. An override that requires an attribute which this cluster
 * never supplies is a refusal and is not skipped: the overrides after it may grant more.
 */
function selectChecked({ policy, gates, meter }: MappingContext, attributes: Attributes): Checked<SelectedIssuance> {
  const found = selectIssuance(policy, attributes, meter)
  if (!found.ok) return found
  const selected = found.value
  const { undecidable } = gates
  if (undecidable !== undefined && (selected.index === undefined || undecidable.index <= selected.index)) {
    return refuse(undecidable.refusal)
  }
  const refusal = gates.refusalFor(selected)
  return refusal === undefined ? pass(selected) : refuse(refusal)
}

function renderClaims(issuance: Issuance, rendering: Rendering): Checked<Identity['jwt']['claims']> {
  // No prototype: a claim may be called `__proto__`, and is a claim like any other.
  const claims: Record<string, string | readonly string[]> = Object.create(null)
  for (const [name, template] of issuance.jwt.claims) {
    rendering.bytes += countJsonBytes(name)
    const value = renderWithin(rendering, template, renderClaim, countClaimBytes)
    if (!value.ok) return value
    claims[name] = value.value
  }
  return pass(claims)
}

function refusePath({ path }: SpiffeId, { side }: PathBounds): Refusal {
  const why =
    side === 'inside'
      ? 'is outside the prefixes that TrustDomain lists for this cluster: change the template or the prefixes'
      : 'is under a prefix that TrustDomain reserves for a listed cluster: change the template, or the prefixes in TrustDomain'
  return { code: 'path_outside_cluster', detail: `the path ${path} ${why}` }
}

const PATH_TEMPLATE_MISSING: Refusal = {
  code: 'path_template_missing',
  detail:
    'The policy of this workload has no pathTemplate, and the platform of the cluster has no default: set one in SVIDIssuancePolicy',
}
