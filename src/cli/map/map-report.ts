// Formats the result of `postern map` for a terminal. Strings from the pod are escaped.

import type { AttributeValue } from '../../attribute/attribute.ts'
import { MAPPED_OVERRIDES_MAX, MAPPED_VALUES_MAX } from '../../core/limits.ts'
import { printable, printableJson } from '../../core/printable.ts'
import type {
  ConsideredOverride,
  ExplainedTemplate,
  MappingExplanation,
} from '../../policy/mapping/mapping-explanation.ts'
import type { WorkloadResult } from '../../policy/mapping/workload.ts'
import { paint } from '../terminal.ts'

export interface MapReport {
  readonly trustDomain: string
  readonly clusterId: string
  readonly clusterName: string
  readonly platform: string
  readonly result: WorkloadResult
  /** The entry of Revocations that refuses the workload, a fact on each line. */
  readonly revocation?: readonly string[]
  /** `undefined` if the attributes could not be read. */
  readonly explanation: MappingExplanation | undefined
}

export function formatMapReport(report: MapReport, io: { readonly colour: boolean }): string {
  const { result, revocation = [], explanation, clusterId, clusterName, platform, trustDomain } = report
  const name = clusterName === clusterId ? '' : `, called ${printable(clusterName)}`
  const lines = [
    `Cluster ${clusterId}${name}, on ${platform}, in ${trustDomain}`,
    '',
    ...formatResult(result, io),
    ...revocation.map((fact) => `  ${printable(fact)}`),
    '',
  ]
  if (explanation !== undefined) lines.push(...formatOverrides(explanation.overrides, result), '')
  for (const template of explanation?.templates ?? []) lines.push(...formatTemplate(template, io))
  for (const { code, detail } of result.warnings ?? []) {
    lines.push(`${paint('warning', 'yellow', io)} ${code}: ${printable(detail)}`)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

export function formatResult(result: WorkloadResult, io: { readonly colour: boolean }): readonly string[] {
  if ('error' in result) {
    const { code, attribute, surface, detail } = result.error
    const where = [surface, attribute]
      .filter((part) => part !== undefined)
      .map((part) => printable(part))
      .join(', ')
    return [`${paint('refused', 'red', io)} ${code}${where === '' ? '' : ` (${where})`}`, `  ${printable(detail)}`]
  }
  const { spiffeId, jwt, x509 } = result
  const claims = Object.entries(jwt.claims).map(([name, value]) => `    ${printable(name)}: ${formatValue(value)}`)
  return [
    paint(spiffeId, 'green', io),
    `  JWT-SVID   ${jwt.ttlSeconds} s${claims.length === 0 ? ', no additional claims' : ''}`,
    ...claims,
    `  X.509-SVID ${x509.ttlSeconds} s`,
    ...(x509.subject === undefined ? [] : [`    subject: ${printable(x509.subject)}`]),
    ...x509.dnsNames.map((dnsName) => `    DNS name: ${dnsName}`),
  ]
}

function formatOverrides(overrides: readonly ConsideredOverride[], result: WorkloadResult): readonly string[] {
  const left = Math.max(0, overrides.length - MAPPED_OVERRIDES_MAX)
  const listed = overrides.slice(left).map((override) => {
    const { index, undecidable } = override
    const stop = undecidable === undefined ? '' : `; ${printable(undecidable.detail)}`
    return `  policyOverrides[${index}] ${describeOutcome(override)}${stop}`
  })
  const last = overrides.at(-1)
  const source =
    last !== undefined && last.holds !== false
      ? `policyOverrides[${last.index}]`
      : SOURCES['error' in result ? 'refused' : result.policy.source]
  const more = left === 0 ? [] : [`  ${left} earlier overrides do not apply`]
  return [`Policy: ${source}`, ...more, ...listed]
}

function describeOutcome({ holds, unmet, condition }: ConsideredOverride): string {
  if (holds === true) return 'applies'
  if (unmet !== undefined) {
    const { attribute, value, wanted } = unmet
    return `does not apply: ${printable(attribute)} is ${formatValue(value)}, expected ${formatWanted(wanted)}`
  }
  if (condition === undefined) return 'does not apply: it has no criteria'
  const text = printable(condition.text)
  return condition.refusal === undefined
    ? `does not apply: the condition is false: ${text}`
    : `unknown: ${printable(condition.refusal.detail)}: ${text}`
}

const SOURCES = {
  policy: 'spec.policy, because no override applies',
  override: 'an override',
  default: 'the defaults of the platform, because the cluster has no SVIDIssuancePolicy',
  refused: 'spec.policy or the defaults of the platform, because no override applies',
} as const

export function formatTemplate(
  { field, text, references, rendered }: ExplainedTemplate,
  io: { readonly colour: boolean },
): readonly string[] {
  const value = rendered.ok ? formatValue(rendered.value) : `${paint('refused', 'red', io)} ${rendered.refusal.code}`
  return [
    `${printable(field)}: ${printable(text)}`,
    ...references.map((reference) => `  ${printable(reference.attribute)} = ${formatValue(reference.value)}`),
    `  -> ${value}`,
    '',
  ]
}

function formatWanted(wanted: readonly string[]): string {
  const listed = wanted.slice(0, MAPPED_VALUES_MAX).map(formatValue)
  const more = wanted.length > MAPPED_VALUES_MAX ? ` or ${wanted.length - MAPPED_VALUES_MAX} others` : ''
  return `${listed.join(' or ')}${more}`
}

function formatValue(value: AttributeValue | undefined): string {
  return value === undefined ? 'absent' : printableJson(value)
}
