// How the checker reports what is wrong with an expression.
export type CheckCode =
  | 'condition_syntax'
  | 'condition_type'
  | 'condition_unsupported'
  | 'condition_too_large'
  | 'attribute_unknown'
  | 'attribute_surface_forbidden'
  | 'pattern_invalid'
  | 'pattern_too_large'

export type Report = (code: CheckCode, message: string, offset: number) => undefined
