// Reads what it can of a refused token, part by part: the header even if the payload is broken, and vice versa. For the
// audit record only: nothing here is checked, so nothing may be decided by it.
import { decodeBase64url } from '../core/base64.ts'
import { isJsonObject, type JsonObject, parseJsonBytes } from '../core/json.ts'
import { LOGIN_BODY_MAX_BYTES, TOKEN_DEPTH_MAX } from '../core/limits.ts'

export interface UnverifiedToken {
  readonly header: JsonObject
  readonly claims: JsonObject
}

/**
 * Header and payload of a compact JWS, as strictly as `parseToken` reads them; a part that cannot be read is empty.
 * A token over its own limit is read as well, since a body holds no more than `LOGIN_BODY_MAX_BYTES`. Never throws.
 */
export function readUnverified(text: string): UnverifiedToken {
  // A JWE has five parts, and its payload is encrypted (RFC 7516 section 3.1).
  const parts = text.length > LOGIN_BODY_MAX_BYTES ? [] : text.split('.', 6)
  const [header = '', claims = ''] = parts
  return { header: readPart(header), claims: parts.length === 5 ? {} : readPart(claims) }
}

function readPart(part: string): JsonObject {
  const bytes = decodeBase64url(part)
  const json = bytes === undefined ? undefined : parseJsonBytes(bytes, TOKEN_DEPTH_MAX)
  return json?.ok === true && isJsonObject(json.value) ? json.value : {}
}
