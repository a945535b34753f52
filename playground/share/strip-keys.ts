// Keys for a link: the public ones alone. Somebody will paste a private key, and it must not leave with a link.
import { isJsonObject, type Json, parseJson } from '../../src/core/json.ts'
import { JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { readGivenKeys } from '../../src/explain/read-given-keys.ts'

/** Private parameters of JWKs (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])

/** Strips pasted keys; empty for what is neither a key set, a key, nor public keys in PEM. */
export function stripKeys(text: string): string {
  const trimmed = text.trim()
  if (trimmed.startsWith('-----BEGIN '))
    return (trimmed.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? []).join('\n')
  const json = parseJson(trimmed, JSON_DEPTH_MAX)
  if (!json.ok || readGivenKeys(trimmed) === undefined) return ''
  return JSON.stringify(dropPrivate(json.value), undefined, 2)
}

function dropPrivate(json: Json): Json {
  if (Array.isArray(json)) return (json as readonly Json[]).map(dropPrivate)
  if (!isJsonObject(json)) return json
  const kept = Object.entries(json).filter(([name]) => !PRIVATE.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, dropPrivate(value)]))
}
