// Globs know only `*`: any run of characters, never a `:`. Matching is linear, and nothing here is a regular expression.

/** Whether `text` matches; `:` separates parts, which match one by one, so `*` cannot swallow a separator. */
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
  // Leftmost fits are enough: a later fit of one literal never helps the next one.
  let at = first.length
  const end = text.length - last.length
  for (const literal of literals.slice(1, -1)) {
    const found = text.indexOf(literal, at)
    if (found === -1 || found + literal.length > end) return false
    at = found + literal.length
  }
  return true
}
