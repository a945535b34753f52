// The tree that the parser yields, before names and types are known.

/** The place of a node in the source, in UTF-16 units. A fault points at `offset`: the operator, or the start. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly offset: number
}

export type BinaryOperator = '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+'

export type Node = Span &
  (
    | { readonly kind: 'text'; readonly value: string }
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'list'; readonly items: readonly Node[] }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'field'; readonly of: Node; readonly name: string }
    | { readonly kind: 'index'; readonly of: Node; readonly key: Node }
    | {
        readonly kind: 'call'
        readonly name: string
        readonly receiver: Node | undefined
        readonly args: readonly Node[]
      }
    | { readonly kind: 'not'; readonly of: Node }
    | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
    | { readonly kind: 'conditional'; readonly test: Node; readonly whenTrue: Node; readonly whenFalse: Node }
  )

export type SyntaxCode = 'condition_syntax' | 'condition_unsupported' | 'condition_too_large'

/** Unwinds the lexer and the parser; never leaves `parseExpression`. */
export class SyntaxFault extends Error {
  readonly code: SyntaxCode
  readonly offset: number
  constructor(code: SyntaxCode, message: string, offset: number) {
    super(message)
    this.code = code
    this.offset = offset
  }
}

export function failSyntax(message: string, offset: number): never {
  throw new SyntaxFault('condition_syntax', message, offset)
}

/** Reports a part of CEL that conditions do not support by its name, so that it is not mistaken for a typo. */
export function failUnsupported(what: string, offset: number): never {
  throw new SyntaxFault(
    'condition_unsupported',
    `Cannot use ${what}: conditions do not support this part of CEL`,
    offset,
  )
}
