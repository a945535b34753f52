// Why a workload gets the identity that it gets: which override was taken and why none before it, and what each template
// makes of which values. It explains what the mapping does, by the mapping's own functions, and decides nothing.
import type { Attributes, AttributeValue } from '../../attribute/attribute.ts'
import type { Surface } from '../../attribute/row.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Checked } from '../../core/result.ts'
import { renderClaim } from '../../template/claim.ts'
import { renderDnsName } from '../../template/dns-name.ts'
import { renderPath } from '../../template/path.ts'
import { renderSubject } from '../../template/subject.ts'
import type { Template } from '../../template/template.ts'
import type { IssuanceOverride } from './issuance.ts'
import type { MappingContext } from './mapping.ts'
import { type Decide, findUnmetMatch, selectIssuance } from './select-issuance.ts'

export interface ConsideredOverride {
  readonly index: number
  /** `undefined`: its condition could not be evaluated, and the workload is refused. */
  readonly holds: boolean | undefined
  /** The first attribute of `when` that has none of the wanted values. No value: it is absent. */
  readonly unmet?: { readonly attribute: string; readonly value?: AttributeValue; readonly wanted: readonly string[] }
  /** It was asked, for all of `when` holds. */
  readonly condition?: { readonly text: string; readonly refusal?: Refusal }
  /** It requires an attribute that this cluster never supplies, so every workload that reaches it is refused. */
  readonly undecidable?: Refusal
}

export interface ExplainedTemplate {
  /** As the document names it: `jwt.additionalClaims.namespace`. */
  readonly field: string
  readonly surface: Surface
  readonly text: string
  readonly references: readonly { readonly attribute: string; readonly value?: AttributeValue }[]
  readonly rendered: Checked<string | readonly string[]>
}

export interface MappingExplanation {
  /** In document order, up to the one that was taken. */
  readonly overrides: readonly ConsideredOverride[]
  readonly templates: readonly ExplainedTemplate[]
}

/**
 * `attributes` are those of all sides, merged; `context` has a fresh meter. `undefined` if choosing an override spent the
 * budget of the request: then nothing was decided that could be explained.
 */
export function explainMapping(attributes: Attributes, context: MappingContext): MappingExplanation | undefined {
  const { policy, gates, defaultPath, trustDomain, meter } = context
  const decisions: Checked<boolean>[] = []
  const selected = selectIssuance(policy, attributes, {
    spend: meter.spend,
    decide(condition, over) {
      const decided = meter.decide(condition, over)
      decisions.push(decided)
      return decided
    },
  })
  if (!selected.ok && selected.refusal.code === 'mapping_too_costly') return undefined
  // Show the recorded decisions in their order: evaluating again would take fuel twice.
  const asked = decisions.values()
  const decide: Decide = (condition, over) => asked.next().value ?? meter.decide(condition, over)
  const overrides: ConsideredOverride[] = []
  for (const [index, override] of policy.overrides.entries()) {
    const considered = consider(override, attributes, decide)
    const { undecidable } = gates
    overrides.push({
      index,
      ...considered,
      ...(undecidable?.index === index ? { undecidable: undecidable.refusal } : {}),
    })
    if (considered.holds !== false) break
  }
  if (!selected.ok) return { overrides, templates: [] }

  const explain = <T extends Template>(
    field: string,
    template: T,
    render: (template: T, attributes: Attributes) => Checked<string | readonly string[]>,
  ): ExplainedTemplate => ({
    field,
    surface: template.surface,
    text: template.text,
    references: [...new Set(template.references.map((reference) => reference.attribute.name))].map((attribute) => ({
      attribute,
      ...pickValue(attribute, attributes),
    })),
    rendered: render(template, attributes),
  })
  const { pathTemplate, x509, jwt } = selected.value.issuance
  const path = pathTemplate ?? defaultPath
  const templates = [
    ...(path === undefined
      ? []
      : [
          explain('pathTemplate', path, (template) => {
            const id = renderPath(template, attributes, trustDomain)
            return id.ok ? { ok: true, value: id.value.path } : id
          }),
        ]),
    ...Array.from(jwt.claims, ([name, claim]) => explain(`jwt.additionalClaims.${name}`, claim, renderClaim)),
    ...(x509.subject === undefined ? [] : [explain('x509.subject', x509.subject, renderSubject)]),
    ...x509.dnsNames.map((name, index) => explain(`x509.dnsNames[${index}]`, name, renderDnsName)),
  ]
  return { overrides, templates }
}

function consider(
  override: IssuanceOverride,
  attributes: Attributes,
  decide: Decide,
): Pick<ConsideredOverride, 'holds' | 'unmet' | 'condition'> {
  const match = findUnmetMatch(override, attributes)
  if (match !== undefined) {
    const { attribute, values } = match
    return { holds: false, unmet: { attribute, ...pickValue(attribute, attributes), wanted: [...values] } }
  }
  const { when, condition } = override
  if (condition === undefined) return { holds: when.length > 0 }
  const { text } = condition
  const decided = decide(condition, attributes)
  return decided.ok
    ? { holds: decided.value, condition: { text } }
    : { holds: undefined, condition: { text, refusal: decided.refusal } }
}

function pickValue(name: string, attributes: Attributes): { readonly value?: AttributeValue } {
  const value = attributes.get(name)
  return value === undefined ? {} : { value }
}
