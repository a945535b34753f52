// Globs have one wildcard: `*` matches any run of characters except `:`. Matching takes linear time, without regular
// expressions, so no pattern can cause catastrophic backtracking.

/**
 * Tells whether `text` matches a glob.
 *
 * @param pattern parts separated by `:`; each part is matched by itself, so `*` never matches a separator
 * @example
 * matchesGlob('team-*:agent', 'team-a:agent') // true
 * matchesGlob('*', 'team-a:agent') // false
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const patterns = pattern.split(':')
  const parts = text.split(':')
  return patterns.length === parts.length && patterns.every((part, index) => matchesPart(part, parts[index] ?? ''))
}

function matchesPart(pattern: string, text: string): boolean {
  const literals = pattern.split('*')
  const first = literals[0] ?? ''
  if (literals.length === 1) return text === first
  const last = literals[literals.length - 1] ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  // The leftmost match is enough: a later match of one literal never makes room for the next one.
  let at = first.length
  const end = text.length - last.length
  for (const literal of literals.slice(1, -1)) {
    const found = text.indexOf(literal, at)
    if (found === -1 || found + literal.length > end) return false
    at = found + literal.length
  }
  return true
}
