// A condition, with the value of each part of it.
import type { ConditionJson, PartJson } from '../../../src/explain/explain-report.ts'
import { element } from '../element.ts'
import { codeOf, formatValue, markOf } from './value-view.ts'

export function formatCondition(condition: ConditionJson): HTMLElement {
  const { text, holds, message, fault } = condition
  return element(
    'div',
    { class: 'condition' },
    element('p', {}, markOf(holds ? 'passed' : 'failed'), element('code', {}, formatValue(text))),
    fault !== undefined && element('p', { class: 'why' }, `cannot be evaluated: ${fault.replaceAll('_', ' ')}`),
    !holds && message !== undefined && element('p', { class: 'quiet' }, 'The caller reads: ', formatValue(message)),
    condition.parts.length > 0 && element('ul', { class: 'parts' }, ...condition.parts.map(formatPart)),
  )
}

function formatPart({ text, value, fault, parts }: PartJson): HTMLElement {
  return element(
    'li',
    {},
    element('code', {}, formatValue(text)),
    element('span', { class: 'quiet' }, ' is '),
    fault === undefined ? codeOf(value) : element('span', { class: 'fault' }, fault.replaceAll('_', ' ')),
    parts.length > 0 && element('ul', { class: 'parts' }, ...parts.map(formatPart)),
  )
}
