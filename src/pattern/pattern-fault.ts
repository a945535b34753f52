// What is wrong with a pattern. It unwinds the parser and the compiler and never leaves `compilePattern`.

export class PatternFault extends Error {
  readonly code: 'pattern_invalid' | 'pattern_too_large'
  readonly offset: number
  constructor(code: 'pattern_invalid' | 'pattern_too_large', message: string, offset: number) {
    super(message)
    this.code = code
    this.offset = offset
  }
}
