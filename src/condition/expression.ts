// An expression whose names are resolved and whose types are known: what the compiler, the lint and `explain` read.
import type { Pattern } from '../pattern/pattern.ts'
import type { Span } from './syntax.ts'

/** `empty` is the list literal `[]`: it goes with every list. */
export type Type = 'text' | 'int' | 'bool' | 'texts' | 'ints' | 'bools' | 'empty'

/** How CEL calls a type: for messages. */
export const TYPE_NAMES: Readonly<Record<Type, string>> = {
  text: 'string',
  int: 'int',
  bool: 'bool',
  texts: 'list(string)',
  ints: 'list(int)',
  bools: 'list(bool)',
  empty: 'list',
}

/** The type of a list's elements; `undefined` for other types, and for the empty list, which has none. */
export function findElementType(type: Type): 'text' | 'int' | 'bool' | undefined {
  return type === 'texts' ? 'text' : type === 'ints' ? 'int' : type === 'bools' ? 'bool' : undefined
}

export function findListType(element: Type): Type | undefined {
  return element === 'text' ? 'texts' : element === 'int' ? 'ints' : element === 'bool' ? 'bools' : undefined
}

export function isList(type: Type): boolean {
  return type === 'empty' || findElementType(type) !== undefined
}

/** A loop's variable, innermost last. */
export interface Variable {
  readonly name: string
  readonly type: Type
}

export type ComparisonKind =
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessOrEqual'
  | 'greater'
  | 'greaterOrEqual'
  | 'in'
  | 'startsWith'
  | 'endsWith'
  | 'contains'

export type LoopKind = 'all' | 'exists' | 'exists_one'

export interface AttributeReference {
  /** The canonical name, as `Attributes` has it. */
  readonly name: string
  readonly type: 'text' | 'int' | 'texts'
  readonly isOptional: boolean
  /** Who chooses its values, if it proves nothing. */
  readonly chosenBy: string | undefined
  /** The expression that tests its presence: `has(x)`, or `"k" in m`. */
  readonly guard: string | undefined
}

export type Expression = Span & { readonly type: Type } & (
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'list'; readonly items: readonly Expression[] }
    | { readonly kind: 'attribute'; readonly attribute: AttributeReference }
    | { readonly kind: 'present'; readonly attribute: AttributeReference }
    | { readonly kind: 'variable'; readonly loop: number }
    | { readonly kind: 'not' | 'size'; readonly of: Expression }
    | { readonly kind: 'and' | 'or' | 'add'; readonly left: Expression; readonly right: Expression }
    | { readonly kind: ComparisonKind; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: 'conditional'
        readonly test: Expression
        readonly whenTrue: Expression
        readonly whenFalse: Expression
      }
    | { readonly kind: 'matches'; readonly of: Expression; readonly pattern: Pattern }
    | { readonly kind: LoopKind; readonly range: Expression; readonly variable: string; readonly body: Expression }
  )

/** The parts of an expression, in the order of the text. */
export function listParts(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'text':
    case 'int':
    case 'bool':
    case 'attribute':
    case 'present':
    case 'variable':
      return []
    case 'list':
      return expression.items
    case 'not':
    case 'size':
    case 'matches':
      return [expression.of]
    case 'conditional':
      return [expression.test, expression.whenTrue, expression.whenFalse]
    case 'all':
    case 'exists':
    case 'exists_one':
      return [expression.range, expression.body]
    default:
      return [expression.left, expression.right]
  }
}
