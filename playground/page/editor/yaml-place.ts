// Where a cursor is in a YAML document that is being written and need not parse: the keys and list items around it, told by
// indentation alone.

/** A map or a list item that the cursor is in. */
export interface Frame {
  /** `undefined`: an item of a list, or the document itself. */
  readonly name: string | undefined
  readonly isItem: boolean
  /** The column where it begins; -1 for the document. */
  readonly column: number
  /** Its members that have a value in the same line, above and below the cursor. */
  readonly values: Map<string, string>
}

export interface YamlPlace {
  /** From the document inwards. */
  readonly frames: readonly Frame[]
  /** The key whose value is being written; `undefined`: a key is being written. */
  readonly key: string | undefined
}

interface Line {
  readonly dashes: readonly number[]
  /** The column of the key, or of what else the line holds. */
  readonly column: number
  readonly key: string | undefined
  readonly value: string
}

const KEY = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#:"'{[][^:#]*?)\s*:(?:\s+(.*))?$/

/** A `#` inside quotes begins no comment. */
const QUOTED_OR_COMMENT = /("(?:[^"\\]|\\.)*"|'[^']*')|(?:^|\s)#.*$/g

/** Of a longer line the rest is not looked at: no key is so long, and patterns must not make an editor wait. */
const LINE_MAX_LENGTH = 1000

function readLine(text: string): Line | undefined {
  const content = text.slice(0, LINE_MAX_LENGTH).replace(QUOTED_OR_COMMENT, '$1').trimEnd()
  const dashes: number[] = []
  let column = content.search(/\S/)
  while (content[column] === '-' && /^-(?:\s|$)/.test(content.slice(column))) {
    dashes.push(column)
    column += Math.max(1, content.slice(column + 1).search(/\S/) + 1)
  }
  if (column < 0) return undefined
  const rest = content.slice(column)
  const [, key, value = ''] = KEY.exec(rest) ?? []
  return {
    dashes,
    column,
    key: key === undefined ? undefined : unquote(key),
    value: key === undefined ? rest : unquote(value),
  }
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2')
}

/** Finds the place of a cursor. @param before - the text up to it @param after - the rest */
export function findYamlPlace(before: string, after: string): YamlPlace {
  const above = before.split('\n')
  const current = above.pop() ?? ''
  const [, ...below] = after.split('\n')
  const root: Frame = { name: undefined, isItem: false, column: -1, values: new Map() }
  let stack: readonly Frame[] = [root]

  /** Leaves what ends before a member at `column`; a list may be as deep as the key that it belongs to. */
  function leave(column: number, isItem: boolean): void {
    stack = stack.filter((frame) => frame.column < column || (isItem && !frame.isItem && frame.column === column))
  }
  function enter(frame: Omit<Frame, 'values'>): void {
    leave(frame.column, frame.isItem)
    stack = [...stack, { ...frame, values: new Map() }]
  }
  function read({ dashes, column, key, value }: Line): void {
    for (const dash of dashes) enter({ name: undefined, isItem: true, column: dash })
    if (key === undefined) return
    leave(column, false)
    if (value !== '') stack.at(-1)?.values.set(key, value)
    enter({ name: key, isItem: false, column })
  }

  for (const line of above.map(readLine)) if (line !== undefined) read(line)
  const own = readLine(current)
  for (const dash of own?.dashes ?? []) enter({ name: undefined, isItem: true, column: dash })
  leave(own?.column ?? current.length, false)
  const frames = stack
  for (const line of below.map(readLine)) if (line !== undefined) read(line)
  return { frames, key: own?.key }
}
