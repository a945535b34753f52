// Reads evidence as people have it at hand: the body of a login, a bare token, the curl command that sent either, or claims
// in place of a token. It yields what the gateway takes; the gateway's own reader has the last word on it.
import { isJsonObject, type JsonObject, parseJson } from '../core/json.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { fillInTokens, makeUnsignedToken } from './unsigned-token.ts'

/**
 * Turns pasted text into the body of a login or a bare token.
 * @returns the text for `readEvidenceText`; JSON that needs nothing is left exactly as it is, so that its faults stay visible
 */
export function readPastedEvidence(pasted: string): string {
  const text = readCommand(pasted.trim()).replace(/^(authorization:\s*)?bearer\s+/i, '')
  if (!text.startsWith('{')) return text
  const json = parseJson(text, JSON_DEPTH_MAX)
  if (!json.ok || !isJsonObject(json.value)) return text
  const { value } = json
  if ('attestations' in value) {
    const filled = fillInTokens(value)
    return JSON.stringify(filled) === JSON.stringify(value) ? text : JSON.stringify(filled)
  }
  const bare = readBareClaims(value)
  return bare === undefined ? text : makeUnsignedToken(bare.claims, bare.header)
}

/** `{claims, header?}`, or the claims themselves, which are told by the issuer that every token has. */
function readBareClaims(
  value: JsonObject,
): { readonly claims: JsonObject; readonly header?: JsonObject | undefined } | undefined {
  const { claims, header, ...rest } = value
  if (isJsonObject(claims) && (header === undefined || isJsonObject(header)) && Object.keys(rest).length === 0)
    return { claims, header }
  return typeof value['iss'] === 'string' ? { claims: value } : undefined
}

const DATA =
  /(?:^|\s)(?:-d|--data|--data-raw|--data-binary|--json)(?:\s+|=)(?:\$?'((?:[^']|'\\'')*)'|"((?:[^"\\]|\\.)*)")/

/** The body in a curl command, as browsers and our documents write it; anything else is left as it is. */
function readCommand(text: string): string {
  if (!/^\$?\s*curl\s/.test(text)) return text
  const [, single, double] = DATA.exec(text) ?? []
  if (single !== undefined) return single.replaceAll("'\\''", "'").trim()
  return double === undefined ? text : double.replaceAll(/\\([\s\S])/g, '$1').trim()
}
