// The identity of the workload: what it gets, which override was taken and why none before it, and each template with what
// it was made of.

import type { ExplainedResult } from '../../../src/explain/explain-mapping.ts'
import type { ConsideredOverride, ExplainedTemplate } from '../../../src/policy/mapping/mapping-explanation.ts'
import type { MappingReport } from '../../engine/report.ts'
import { element } from '../element.ts'
import { codeOf, formatValue, markOf } from './value-view.ts'

export function formatMapping(mapping: MappingReport): readonly HTMLElement[] {
  switch (mapping.kind) {
    case 'no_workload':
      return [
        element(
          'p',
          { class: 'quiet' },
          'Paste a pod under Evidence, Workload, and its SPIFFE ID, claims and subject are shown here.',
        ),
      ]
    case 'unreadable':
      return [element('p', { class: 'why' }, markOf('failed'), `The workload ${mapping.fault}`)]
    case 'invalid_document':
      return [
        element(
          'p',
          { class: 'why' },
          markOf('failed'),
          `${mapping.sections.join(' and ')} does not compile: the gateway would go on with its last good version, or refuse with 503.`,
        ),
      ]
    case 'explained': {
      const { mapped, agentPolicy } = mapping
      const session =
        agentPolicy === undefined
          ? 'Mapped without the session of an agent, since no login yields one.'
          : `Mapped with the session that the policy ${agentPolicy} yields.`
      if (mapped.kind === 'refused')
        return [
          element(
            'p',
            { class: 'why' },
            markOf('failed'),
            element('code', {}, mapped.refusal.code),
            ` ${mapped.refusal.detail}`,
          ),
          element('p', { class: 'quiet' }, session),
        ]
      return [...formatResult(mapped), element('p', { class: 'quiet' }, session), ...formatExplanation(mapped)]
    }
  }
}

function formatResult({ result, refusal }: ExplainedResult): readonly HTMLElement[] {
  const warnings = (result.warnings ?? []).map(({ code, detail }) =>
    element('p', { class: 'warning' }, markOf('unknown'), element('code', {}, code), ` ${formatValue(detail)}`),
  )
  if ('error' in result) {
    const { code, attribute, surface, detail } = result.error
    const where = [surface, attribute]
      .filter((part) => part !== undefined)
      .map(formatValue)
      .join(', ')
    const facts = Object.entries(refusal?.audit ?? {}).map(([name, value]) => `${name}: ${String(value)}`)
    return [
      element(
        'p',
        { class: 'why' },
        markOf('failed'),
        element('code', {}, code),
        where === '' ? ' ' : ` (${where}) `,
        formatValue(detail),
      ),
      ...facts.map((fact) => element('p', { class: 'quiet' }, formatValue(fact))),
      ...warnings,
    ]
  }
  const { spiffeId, jwt, x509 } = result
  return [
    element('p', { class: 'spiffe-id' }, element('code', {}, spiffeId)),
    element(
      'dl',
      { class: 'facts' },
      ...pair('JWT-SVID', `${jwt.ttlSeconds} s`),
      ...Object.entries(jwt.claims).flatMap(([name, value]) => pair(`claim ${formatValue(name)}`, value)),
      ...pair('X.509-SVID', `${x509.ttlSeconds} s`),
      ...(x509.subject === undefined ? [] : pair('subject', x509.subject)),
      ...x509.dnsNames.flatMap((name) => pair('DNS name', name)),
    ),
    ...warnings,
  ]
}

function pair(name: string, value: string | readonly string[]): readonly HTMLElement[] {
  return [element('dt', {}, name), element('dd', {}, codeOf(value))]
}

function formatExplanation({ explanation }: ExplainedResult): readonly HTMLElement[] {
  if (explanation === undefined) return []
  const { overrides, templates } = explanation
  return [
    ...(overrides.length === 0
      ? []
      : [element('h3', {}, 'Overrides'), element('ul', { class: 'overrides' }, ...overrides.map(formatOverride))]),
    ...(templates.length === 0 ? [] : [element('h3', {}, 'Templates'), ...templates.map(formatTemplate)]),
  ]
}

function formatOverride({ index, holds, unmet, condition, undecidable }: ConsideredOverride): HTMLElement {
  const state = holds === undefined ? 'unknown' : holds ? 'passed' : 'skipped'
  return element(
    'li',
    {},
    markOf(state),
    element('code', {}, `policyOverrides[${index}]`),
    holds === true ? ' applies' : ' does not apply',
    unmet !== undefined && [
      ': ',
      codeOf(unmet.attribute),
      ' is ',
      codeOf(unmet.value),
      ', expected ',
      codeOf(unmet.wanted),
    ],
    unmet === undefined &&
      condition !== undefined && [
        ': ',
        codeOf(condition.text),
        condition.refusal === undefined ? ` is ${String(holds)}` : ` ${condition.refusal.detail}`,
      ],
    undecidable !== undefined && `; ${undecidable.detail}`,
  )
}

function formatTemplate({ field, text, references, rendered }: ExplainedTemplate): HTMLElement {
  return element(
    'div',
    { class: 'template' },
    element('p', {}, markOf(rendered.ok ? 'passed' : 'failed'), element('strong', {}, formatValue(field))),
    element('p', {}, element('code', { class: 'template-text' }, formatValue(text))),
    element(
      'dl',
      { class: 'facts' },
      ...references.flatMap(({ attribute, value }) => [
        element('dt', {}, element('code', {}, formatValue(attribute))),
        element('dd', {}, codeOf(value)),
      ]),
    ),
    element(
      'p',
      { class: 'rendered' },
      '→ ',
      rendered.ok
        ? codeOf(rendered.value)
        : [element('code', {}, rendered.refusal.code), ` ${rendered.refusal.detail}`],
    ),
  )
}
