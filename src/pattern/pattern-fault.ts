// The fault of a pattern. Thrown by the parser and the compiler, and caught by `compilePattern`.

export class PatternFault extends Error {
  readonly code: 'pattern_invalid' | 'pattern_too_large'
  readonly offset: number
  constructor(code: 'pattern_invalid' | 'pattern_too_large', message: string, offset: number) {
    super(message)
    this.code = code
    this.offset = offset
  }
}
