// The issues that validation reports: one code and one sentence for each way in which a node is not what a schema wants.
import type * as v from 'valibot'
import type { Issue, IssueCode, Path } from '../../core/issue.ts'
import { QUOTED_MAX_CHARACTERS } from '../../core/limits.ts'
import { printable, quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'
import { describeRequirement } from './describe-requirement.ts'

/**
 * Reports a value that is not a string. For an unquoted number or boolean the issue has a fix, if the quoted string is
 * valid.
 */
export function describeNotString(node: YamlNode, path: Path, form?: StringForm): Issue {
  if (!('source' in node) || node.source === '') return describeMismatch(node, form?.words ?? 'a string', path)
  const source = printable(node.source, QUOTED_MAX_CHARACTERS)
  const read = `Cannot use ${source} as a string: YAML reads it as ${describeReading(node)}`
  const { start, end } = node
  if (form === undefined || form.accepts(node.source)) {
    const text = JSON.stringify(node.source)
    const shown = printable(text, QUOTED_MAX_CHARACTERS)
    return { code: 'text_unquoted', path, message: `${read}; put it in quotes: ${shown}`, fix: { start, end, text } }
  }
  const text = form.repair?.(node.source)
  const expected = `${read}; expected ${form.words}`
  if (text === undefined || !form.accepts(text)) return { code: 'text_unquoted', path, message: expected }
  return { code: 'text_unquoted', path, message: `${expected}; write ${text}`, fix: { start, end, text } }
}

function describeReading(node: YamlNode): string {
  if (node.kind === 'int' || node.kind === 'float') return `the number ${node.value}`
  return node.kind === 'bool' ? `the value ${node.value}` : 'null'
}

/** `expected` is a noun with its article; `mayBeEmpty`: a collection without elements would do. */
export function describeMismatch(node: YamlNode, expected: string, path: Path, mayBeEmpty = false): Issue {
  if (node.kind === 'null') {
    const message = `The value is missing here: expected ${expected}${mayBeEmpty ? (EMPTY[expected] ?? '') : ''}`
    return { code: 'value_empty', path, message }
  }
  return { code: 'type_mismatch', path, message: `Cannot use ${describeNode(node)} here: expected ${expected}` }
}

/** How to write what is empty on purpose. */
const EMPTY: Readonly<Record<string, string>> = {
  'a list': '; an empty list is []',
  'a map': '; an empty map is {}',
}

function describeNode(node: YamlNode): string {
  switch (node.kind) {
    case 'map':
      return 'a map'
    case 'list':
      return 'a list'
    case 'text':
      return `the string ${quoteText(node.value)}`
    case 'int':
    case 'float':
      return `the number ${printable(node.source, QUOTED_MAX_CHARACTERS)}`
    case 'bool':
      return `the value ${node.value}`
    case 'null':
    case 'broken':
      return 'nothing'
  }
}

export function describeMissingField(name: string, path: Path): Issue {
  return { code: 'field_missing', path: [...path, name], message: `Missing field "${name}": add it` }
}

/** `hint`: a sentence fragment that suggests the intended field. */
export function describeUnknownField(name: string, path: Path, hint: string): Issue {
  const message = `Unknown field ${quoteText(name)}${hint}`
  return { code: 'field_unknown', path: [...path, name], message, atKey: true }
}

/** What one check of a schema's pipe found. */
export interface CheckFinding {
  readonly type: string
  readonly input: unknown
}

export function describeFailedCheck(finding: CheckFinding, action: v.GenericPipeAction, path: Path): Issue {
  return { code: chooseCode(finding.type), path, message: describeFinding(finding, action) }
}

function chooseCode(check: string): IssueCode {
  if (check === 'non_empty') return 'value_empty'
  const isBound = check.startsWith('max_') || check.startsWith('min_')
  return isBound ? 'value_out_of_range' : 'value_invalid'
}

function describeFinding({ type, input }: CheckFinding, action: v.GenericPipeAction): string {
  // A message of the schema's own is written for authors; valibot's defaults are not.
  if ('message' in action && typeof action.message === 'string') return action.message
  const isList = Array.isArray(input)
  if (type === 'non_empty') {
    return `Cannot use an empty ${isList ? 'list' : 'string'} here: set at least one value, or remove the field`
  }
  const requirement = 'requirement' in action ? action.requirement : undefined
  return `Cannot use this value: it must ${describeRequirement(type, requirement, isList)}`
}
