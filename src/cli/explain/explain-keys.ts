// The key set that `--jwks` gives in place of a fetch.
import { isJsonObject, parseJsonBytes } from '../../core/json.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { type KeySet, readKeySet } from '../../token/keys/key-set.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { readDocumentFile } from '../document.ts'

/** Reads a key set (RFC 7517 section 5) from a file, as the issuer publishes it. Unusable keys are reported and skipped. */
export async function readGivenKeys(file: string, io: Io): Promise<KeySet> {
  const json = parseJsonBytes(await readDocumentFile(file, io), JSON_DEPTH_MAX)
  if (!json.ok) {
    const fault = json.fault.replaceAll('_', ' ')
    throw new Stop(EXIT.usage, `Cannot read ${file} as JSON: ${fault} at offset ${json.offset}`)
  }
  const keys = isJsonObject(json.value) ? readKeySet(json.value) : undefined
  if (keys === undefined) {
    throw new Stop(
      EXIT.usage,
      `Cannot read ${file} as a key set: "keys" must be an array: use the document that the jwks_uri serves`,
    )
  }
  for (const { index, reason } of keys.skipped)
    io.err(`${printable(file)}: key ${index} is skipped: ${printable(reason)}\n`)
  return keys
}
