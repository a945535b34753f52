// The lint for attributes that may be absent. A read counts as guarded where CEL's answer does not depend on it: behind
// has(x) or `"k" in m`, on either side of `&&` and `||`, because these absorb an error on either side.
import { type AttributeReference, type Expression, listParts } from './expression.ts'

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
        found.set(attribute.name, { attribute, offset, guarded: writeGuarded(attribute, clause, source) })
        return
      }
      case 'and':
        visit(
          expression.left,
          joinNames(present, listPresentIf(expression.right, true)),
          findClause(expression.left, clause),
        )
        visit(
          expression.right,
          joinNames(present, listPresentIf(expression.left, true)),
          findClause(expression.right, clause),
        )
        return
      case 'or':
        visit(
          expression.left,
          joinNames(present, listPresentIf(expression.right, false)),
          findClause(expression.left, clause),
        )
        visit(
          expression.right,
          joinNames(present, listPresentIf(expression.left, false)),
          findClause(expression.right, clause),
        )
        return
      case 'conditional':
        visit(expression.test, present, findClause(expression.test, clause))
        visit(
          expression.whenTrue,
          joinNames(present, listPresentIf(expression.test, true)),
          findClause(expression.whenTrue, clause),
        )
        visit(
          expression.whenFalse,
          joinNames(present, listPresentIf(expression.test, false)),
          findClause(expression.whenFalse, clause),
        )
        return
      case 'all':
      case 'exists':
      case 'exists_one':
        // The guard of a range is outside the loop; that of a body may use the variable and is inside.
        visit(expression.range, present, clause)
        visit(expression.body, present, expression.body)
        return
      default:
        for (const part of listParts(expression)) visit(part, present, clause)
    }
  }

  visit(root, NONE, root)
  return [...found.values()]
}

function findClause(part: Expression, around: Expression): Expression {
  return part.type === 'bool' ? part : around
}

/** The attributes that are there whenever `expression` is `answer`. */
function listPresentIf(expression: Expression, answer: boolean): Names {
  switch (expression.kind) {
    case 'present':
      return answer ? new Set([expression.attribute.name]) : NONE
    case 'not':
      return listPresentIf(expression.of, !answer)
    case 'and':
    case 'or': {
      const left = listPresentIf(expression.left, answer)
      const right = listPresentIf(expression.right, answer)
      return (expression.kind === 'and') === answer ? joinNames(left, right) : left.intersection(right)
    }
    default:
      return NONE
  }
}

function joinNames(a: Names, b: Names): Names {
  return b.size === 0 ? a : a.union(b)
}

function writeGuarded(attribute: AttributeReference, clause: Expression, source: string): string | undefined {
  if (attribute.guard === undefined) return undefined
  const text = source.slice(clause.start, clause.end)
  const bindsLess = clause.kind === 'or' || clause.kind === 'conditional'
  const isParenthesised = (listParts(clause)[0]?.start ?? clause.start) > clause.start
  return `${attribute.guard} && ${bindsLess && !isParenthesised ? `(${text})` : text}`
}
