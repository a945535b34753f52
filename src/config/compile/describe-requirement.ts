// Describes the checks of a schema. The validator's own messages contain names of functions and operators and address the
// author of the schema, so neither an author of documents nor a caller reads them.

/** What one check asks, as it follows "must". `isList`: of a list, and not of a string. */
const REQUIREMENTS: Readonly<Record<string, (bound: string, isList: boolean) => string>> = {
  non_empty: () => 'not be empty',
  max_length: (bound, isList) => `have at most ${describeUnits(bound, isList)}`,
  min_length: (bound, isList) => `have at least ${describeUnits(bound, isList)}`,
  max_value: (bound) => `be at most ${bound}`,
  min_value: (bound) => `be at least ${bound}`,
}

/** What a schema wants, by valibot's name of it. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  record: 'an object',
  object: 'an object',
  strict_object: 'an object',
  loose_object: 'an object',
  variant: 'an object',
}

/** As it follows "must"; `be something else` for a check that has no words yet. */
export function describeRequirement(check: string, requirement: unknown, isList: boolean): string {
  const describe = Object.hasOwn(REQUIREMENTS, check) ? REQUIREMENTS[check] : undefined
  return describe?.(String(requirement), isList) ?? 'be something else'
}

/** As it follows "must be"; `schema` is valibot's name of a kind of schema. */
export function describeKind(schema: string): string {
  return (Object.hasOwn(KINDS, schema) ? KINDS[schema] : undefined) ?? 'something else'
}

function describeUnits(bound: string, isList: boolean): string {
  const unit = isList ? 'element' : 'character'
  return `${bound} ${unit}${bound === '1' ? '' : 's'}`
}
