// What an author should know of a template that compiles: it can never render, two workloads can share what it renders,
// or an attribute of it proves nothing or may be absent.
import { ALPHABETS, type Alphabet } from '../attribute/alphabet.ts'
import type { Issue, Path } from '../core/issue.ts'
import { quoteText } from '../core/printable.ts'
import { findUndetermined, type Undetermined } from './injective.ts'
import type { Reference } from './syntax.ts'
import { type PathTemplate, spansSegments } from './template.ts'

/** Attributes that prove nothing, and those that may be absent and have no default: such a workload is refused. */
export function lintReferences(references: readonly Reference[], path: Path): readonly Issue[] {
  const issues: Issue[] = []
  for (const { attribute, filters, offset } of references) {
    const { chosenBy } = attribute.row
    if (chosenBy !== undefined) {
      const message = `${attribute.name} is chosen by ${chosenBy}, so that it proves nothing: use an attribute that the platform vouches for`
      issues.push({ code: 'attribute_self_declared', path, message, offset })
    }
    if (attribute.row.optional !== true || filters.some((filter) => filter.name === 'default')) continue
    const message = `${attribute.name} may be absent: a workload without it is refused; add | default("...") to supply a value`
    issues.push({ code: 'attribute_may_be_absent', path, message, offset })
  }
  return issues
}

/** All lints of a path template. */
export function lintPath(template: PathTemplate, path: Path): readonly Issue[] {
  const issues: Issue[] = [...lintReferences(template.references, path)]
  for (const reference of template.references) {
    const held = listForbidden(reference)
    if (held.length === 0) continue
    const { name } = reference.attribute
    const filters = held.map((character) => `replace(${quoteText(character)}, "-")`).join(' | ')
    const message = `${name} contains ${held.map((part) => quoteText(part)).join(', ')}, which a path segment must not contain; write {{ ${name} | ${filters} }}`
    issues.push({ code: 'path_never_valid', path, message, offset: reference.offset })
  }
  for (const undetermined of findUndetermined(template)) {
    issues.push({
      code: 'path_not_injective',
      path,
      message: describeAmbiguity(undetermined),
      offset: undetermined.reference.offset,
    })
  }
  return issues
}

/** Characters that real values hold, that a path forbids, and that no filter takes out. */
function listForbidden(reference: Reference): readonly string[] {
  const { holds = '' }: Alphabet = ALPHABETS[reference.attribute.row.alphabet]
  const held = new Set(holds)
  for (const { name, args } of reference.filters) {
    const [text = '', replacement = ''] = args
    if (name !== 'replace') continue
    const found = [...text].filter((character) => held.delete(character))
    if (found.length > 0) for (const character of replacement.match(/[^A-Za-z0-9._-]/gu) ?? []) held.add(character)
  }
  if (spansSegments(reference)) held.delete('/')
  return [...held]
}

function describeAmbiguity({ reference, reason }: Undetermined): string {
  const { name } = reference.attribute
  if (reason === 'filter') {
    return `Two workloads that differ only in ${name} can get the same SPIFFE ID: its filters map different values to the same string; use a replacement or default that its values cannot hold`
  }
  return `Two workloads that differ only in ${name} can get the same SPIFFE ID: the separator between it and its neighbour can be part of a value; put it in a segment of its own, or separate it by a character that its values cannot hold`
}
