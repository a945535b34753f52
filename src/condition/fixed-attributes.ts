// Which attributes a condition fixes: it is true only if each of them has one stated value. Only what needs no thought
// counts, equality with a literal under `&&` alone. The answer is conservative: it may report too few.
import type { Expression } from './expression.ts'

/** Canonical names. */
export function findFixedAttributes(expression: Expression): readonly string[] {
  if (expression.kind === 'and')
    return [...findFixedAttributes(expression.left), ...findFixedAttributes(expression.right)]
  if (expression.kind !== 'equal') return []
  const { left, right } = expression
  if (left.kind === 'attribute' && right.kind === 'text') return [left.attribute.name]
  return left.kind === 'text' && right.kind === 'attribute' ? [right.attribute.name] : []
}
