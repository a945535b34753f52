// Conditions as the tests make them: a tree of its own with a printer of its own, so that the parser and the compiler
// are tested against something that does not share their code. No vitest, no node: the corpus runs on every host.

export type Scalar = string | bigint | boolean

export type Infix = '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+'

export type Term =
  | { readonly kind: 'literal'; readonly value: Scalar; readonly spelling: string }
  /** `spelling` is a reference; `name` the attribute's canonical name. */
  | { readonly kind: 'attribute'; readonly name: string; readonly spelling: string }
  | { readonly kind: 'has'; readonly name: string; readonly spelling: string }
  | { readonly kind: 'entry'; readonly name: string; readonly key: string; readonly map: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Term[] }
  | { readonly kind: 'not'; readonly of: Term }
  | { readonly kind: 'infix'; readonly operator: Infix; readonly left: Term; readonly right: Term }
  | { readonly kind: 'conditional'; readonly test: Term; readonly yes: Term; readonly no: Term }
  | {
      readonly kind: 'method'
      readonly name: 'startsWith' | 'endsWith' | 'contains'
      readonly of: Term
      readonly part: Term
    }
  | { readonly kind: 'size'; readonly of: Term; readonly isMethod: boolean }
  | { readonly kind: 'matches'; readonly of: Term; readonly pattern: string; readonly spelling: string }
  | {
      readonly kind: 'loop'
      readonly name: 'all' | 'exists' | 'exists_one'
      readonly range: Term
      readonly variable: string
      readonly body: Term
    }

export interface Printed {
  readonly text: string
  /** Where a fault of a term points: its operator, or its start. */
  readonly offsets: ReadonlyMap<Term, number>
}

const PRECEDENCE: Readonly<Record<Infix, number>> = {
  '||': 2,
  '&&': 3,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  '+': 5,
}

function precedenceOf(term: Term): number {
  switch (term.kind) {
    case 'conditional':
      return 1
    case 'infix':
      return PRECEDENCE[term.operator]
    case 'entry':
      return 4
    case 'not':
      return 6
    default:
      return 7
  }
}

/** Prints with the fewest parentheses that CEL's grammar allows. */
export function print(root: Term): Printed {
  const offsets = new Map<Term, number>()
  let text = ''

  function mark(term: Term): void {
    offsets.set(term, text.length)
  }

  function write(term: Term, least: number): void {
    const needsParentheses = precedenceOf(term) < least
    if (needsParentheses) text += '('
    writeBare(term)
    if (needsParentheses) text += ')'
  }

  function writeBare(term: Term): void {
    switch (term.kind) {
      case 'infix': {
        const precedence = PRECEDENCE[term.operator]
        write(term.left, precedence)
        text += ' '
        mark(term)
        text += `${term.operator} `
        write(term.right, precedence + 1)
        return
      }
      case 'conditional':
        write(term.test, 2)
        text += ' '
        mark(term)
        text += '? '
        write(term.yes, 2)
        text += ' : '
        write(term.no, 1)
        return
      case 'method':
        write(term.of, 7)
        text += '.'
        mark(term)
        text += `${term.name}(`
        write(term.part, 1)
        text += ')'
        return
      case 'matches':
        write(term.of, 7)
        text += '.'
        mark(term)
        text += `matches(${term.spelling})`
        return
      case 'loop':
        write(term.range, 7)
        text += '.'
        mark(term)
        text += `${term.name}(${term.variable}, `
        write(term.body, 1)
        text += ')'
        return
      case 'entry':
        // A fault of an entry cannot arise; it is marked for the places of fuel.
        text += `${term.key} `
        mark(term)
        text += `in ${term.map}`
        return
      case 'size':
        if (term.isMethod) {
          write(term.of, 7)
          text += '.'
          mark(term)
          text += 'size()'
          return
        }
        mark(term)
        text += 'size('
        write(term.of, 1)
        text += ')'
        return
      default:
        mark(term)
        writePrimary(term)
    }
  }

  function writePrimary(
    term: Exclude<Term, { kind: 'infix' | 'conditional' | 'method' | 'matches' | 'loop' | 'entry' | 'size' }>,
  ): void {
    switch (term.kind) {
      case 'literal':
      case 'attribute':
        text += term.spelling
        return
      case 'has':
        text += `has(${term.spelling})`
        return
      case 'variable':
        text += term.name
        return
      case 'not':
        text += '!'
        write(term.of, 6)
        return
      case 'list':
        text += '['
        for (const [index, item] of term.items.entries()) {
          if (index > 0) text += ', '
          write(item, 1)
        }
        text += ']'
    }
  }

  write(root, 1)
  return { text, offsets }
}
