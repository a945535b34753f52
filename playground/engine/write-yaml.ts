// Writes values as YAML in the block style that people write: strings bare where nothing could read them otherwise.
import { isJsonObject, type Json } from '../../src/core/json.ts'

/** No indicator, no number, no word that YAML or an older reader of it gives a meaning. */
const BARE = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[a-z][\w./@-]*(?::(?:\/\/)?[\w./@-]+)*$/i
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** Writes one value, with a line break at its end. */
export function writeYaml(value: Json): string {
  return `${writeLines(value).join('\n')}\n`
}

function writeLines(value: Json): readonly string[] {
  if (Array.isArray(value) && value.length > 0)
    return (value as readonly Json[]).flatMap((item) => {
      const [first = '', ...rest] = writeLines(item)
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)]
    })
  if (isJsonObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([name, member]) => {
      const lines = writeLines(member)
      const isShort = lines.length === 1 && !isBlock(member)
      const key = writeText(name)
      return isShort ? [`${key}: ${lines[0]}`] : [`${key}:`, ...lines.map((line) => `  ${line}`)]
    })
  return [typeof value === 'string' ? writeText(value) : JSON.stringify(value)]
}

function isBlock(value: Json): boolean {
  return Array.isArray(value) ? value.length > 0 : isJsonObject(value) && Object.keys(value).length > 0
}

function writeText(text: string): string {
  return BARE.test(text) || TIME.test(text) ? text : JSON.stringify(text)
}
