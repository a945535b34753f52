// Reads the text format of Protocol Buffers as far as cel-spec's test files use it: messages, repeated fields, strings that
// stand side by side, numbers, words and lists. Throws on anything else.
import { unquoteGo } from './unquote-go.ts'

/** A field may be repeated, so each name has a list. Scalars are strings, as they were written or unquoted. */
export interface Message {
  readonly [field: string]: readonly (string | Message)[]
}

const TOKEN = /\s+|#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\[[\w./-]+\]|[\w.+-]+|[{}<>:,;[\]])/gy

export function parseTextproto(text: string): Message {
  const tokens: string[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    if (match[1] !== undefined) tokens.push(match[1])
    end = match.index + match[0].length
  }
  if (end !== text.length) throw new Error(`Cannot read the text format at offset ${end}`)
  let at = 0

  function readMessage(closing: string | undefined): Message {
    const fields: Record<string, (string | Message)[]> = Object.create(null)
    while (at < tokens.length && tokens[at] !== closing) {
      const name = tokens[at++] ?? ''
      if (tokens[at] === ':') at++
      const values = fields[name] ?? []
      fields[name] = values
      if (tokens[at] === '[') readList(values)
      else values.push(readValue())
      if (tokens[at] === ',' || tokens[at] === ';') at++
    }
    if (closing !== undefined && tokens[at++] !== closing) throw new Error(`Missing "${closing}" at the end`)
    return fields
  }

  function readList(values: (string | Message)[]): void {
    at++
    while (at < tokens.length && tokens[at] !== ']') {
      values.push(readValue())
      if (tokens[at] === ',') at++
    }
    at++
  }

  function readValue(): string | Message {
    const token = tokens[at++]
    if (token === '{') return readMessage('}')
    if (token === '<') return readMessage('>')
    if (token === undefined || /^[}>:,;\]]$/.test(token)) throw new Error(`Expected a value, found "${token}"`)
    if (!isQuoted(token)) return token
    let value = unquoteGo(token) ?? ''
    for (let next = tokens[at]; next !== undefined && isQuoted(next); next = tokens[++at])
      value += unquoteGo(next) ?? ''
    return value
  }

  return readMessage(undefined)
}

function isQuoted(token: string): boolean {
  return token.startsWith('"') || token.startsWith("'")
}
