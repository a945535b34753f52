// The lint for attributes that may be absent. A read counts as guarded where CEL's answer does not depend on it: behind
// has(x) or `"k" in m`, on either side of `&&` and `||`, because these absorb an error on either side.
import { type AttributeReference, type Expression, partsOf } from './expression.ts'

export interface Unguarded {
  readonly attribute: AttributeReference
  readonly offset: number
  /** The smallest condition around the read, guarded; `undefined` where CEL has no guard. */
  readonly guarded: string | undefined
}

type Names = ReadonlySet<string>
const NONE: Names = new Set()

/** The first unguarded read of each attribute that may be absent. */
export function findUnguarded(root: Expression, source: string): readonly Unguarded[] {
  const found = new Map<string, Unguarded>()

  function visit(expression: Expression, present: Names, clause: Expression): void {
    switch (expression.kind) {
      case 'attribute': {
        const { attribute, offset } = expression
        if (!attribute.isOptional || present.has(attribute.name) || found.has(attribute.name)) return
        found.set(attribute.name, { attribute, offset, guarded: guardedText(attribute, clause, source) })
        return
      }
      case 'and':
        visit(expression.left, both(present, presentIf(expression.right, true)), clauseOf(expression.left, clause))
        visit(expression.right, both(present, presentIf(expression.left, true)), clauseOf(expression.right, clause))
        return
      case 'or':
        visit(expression.left, both(present, presentIf(expression.right, false)), clauseOf(expression.left, clause))
        visit(expression.right, both(present, presentIf(expression.left, false)), clauseOf(expression.right, clause))
        return
      case 'conditional':
        visit(expression.test, present, clauseOf(expression.test, clause))
        visit(
          expression.whenTrue,
          both(present, presentIf(expression.test, true)),
          clauseOf(expression.whenTrue, clause),
        )
        visit(
          expression.whenFalse,
          both(present, presentIf(expression.test, false)),
          clauseOf(expression.whenFalse, clause),
        )
        return
      case 'all':
      case 'exists':
      case 'exists_one':
        // The guard of a range stands around the loop; that of a body may use the variable, and stands inside.
        visit(expression.range, present, clause)
        visit(expression.body, present, expression.body)
        return
      default:
        for (const part of partsOf(expression)) visit(part, present, clause)
    }
  }

  visit(root, NONE, root)
  return [...found.values()]
}

function clauseOf(part: Expression, around: Expression): Expression {
  return part.type === 'bool' ? part : around
}

/** The attributes that are there whenever `expression` is `answer`. */
function presentIf(expression: Expression, answer: boolean): Names {
  switch (expression.kind) {
    case 'present':
      return answer ? new Set([expression.attribute.name]) : NONE
    case 'not':
      return presentIf(expression.of, !answer)
    case 'and':
    case 'or': {
      const left = presentIf(expression.left, answer)
      const right = presentIf(expression.right, answer)
      return (expression.kind === 'and') === answer ? both(left, right) : left.intersection(right)
    }
    default:
      return NONE
  }
}

function both(a: Names, b: Names): Names {
  return b.size === 0 ? a : a.union(b)
}

function guardedText(attribute: AttributeReference, clause: Expression, source: string): string | undefined {
  if (attribute.guard === undefined) return undefined
  const text = source.slice(clause.start, clause.end)
  const bindsLess = clause.kind === 'or' || clause.kind === 'conditional'
  const isParenthesised = (partsOf(clause)[0]?.start ?? clause.start) > clause.start
  return `${attribute.guard} && ${bindsLess && !isParenthesised ? `(${text})` : text}`
}
