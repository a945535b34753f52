// JSONTestSuite against the strict JSON reader: `test_parsing/y_*.json` must be read as `JSON.parse` reads it, `n_*` must be
// refused, and `i_*` may end either way.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, type JsonFault, parseJsonBytes, writeCanonicalJson } from '../../src/core/json.ts'
import { TOKEN_DEPTH_MAX } from '../../src/core/limits.ts'
import { createTally, type Tally } from './tally.ts'

/** Why valid JSON may be refused: what `src/core/json.ts` promises to be stricter in. */
const STRICTER: ReadonlySet<JsonFault> = new Set([
  'member_duplicate',
  'number_unsafe',
  'text_ill_formed',
  'depth_exceeded',
])

/** @param folder JSONTestSuite, or its folder `test_parsing` */
export function runJsonSuite(folder: string): Tally {
  const tally = createTally()
  const cases = existsSync(join(folder, 'test_parsing')) ? join(folder, 'test_parsing') : folder
  for (const name of readdirSync(cases).filter((file) => /^[yni]_.*\.json$/.test(file))) {
    const bytes = readFileSync(join(cases, name))
    const result = parseJsonBytes(bytes, TOKEN_DEPTH_MAX)
    const ending = result.ok ? 'accepted' : `refused: ${result.fault}`
    if (name.startsWith('i_')) tally.count(`i_ ${ending}`)
    else if (name.startsWith('n_')) {
      if (result.ok) tally.fail(name, 'is not JSON, and was accepted')
      else tally.count('n_ refused')
    } else if (result.ok) {
      const expected = writeCanonicalJson(JSON.parse(bytes.toString()) as Json)
      if (writeCanonicalJson(result.value) === expected) tally.count('y_ accepted')
      else tally.fail(name, 'has another value than JSON.parse gives')
    } else if (STRICTER.has(result.fault)) tally.count(`y_ ${ending}, which is stricter than RFC 8259`)
    else tally.fail(name, `is JSON, and was ${ending}`)
  }
  return tally
}
