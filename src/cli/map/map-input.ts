// Reads the input of `postern map`: a pod as kubectl prints it, or attributes as an issuer sends them, and the attributes
// of the agent, which are assumed to be proved.
import { resolve } from 'node:path'
import type { Attribute } from '../../attribute/attribute.ts'
import { resolveAttribute, suggestAttribute } from '../../attribute/catalogue.ts'
import { isJsonObject, type Json, parseJsonBytes } from '../../core/json.ts'
import { CLAIMS_BODY_MAX_BYTES, JSON_DEPTH_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { describeError } from '../../core/thrown.ts'
import { readWorkload } from '../../explain/read-workload.ts'
import type { WorkloadDescription } from '../../policy/mapping/workload.ts'
import { readFileCapped } from '../../runtime/read-file-capped.ts'
import { type Io, makeUsageStop } from '../command.ts'

/** Reads one workload: a pod, or attributes by name. `file` is `-` for standard input. */
export async function readWorkloadFile(
  file: string,
  container: string | undefined,
  io: Io,
): Promise<WorkloadDescription> {
  const read = readWorkload(await readJson(file, io), file, container)
  if ('fault' in read) throw makeUsageStop(`${file} ${read.fault}`)
  return read.workload
}

/** Reads the attributes of an agent: a list, an object by name, or the whole answer to a login. */
export async function readAgentAttributes(file: string, io: Io): Promise<readonly Attribute[]> {
  const json = await readJson(file, io)
  if (isJsonObject(json) && json['attributesOmitted'] !== undefined)
    throw makeUsageStop(`${file} omits attributes (attributesOmitted): use the answer to the login instead`)
  const answered = isJsonObject(json) && json['attributes'] !== undefined ? json['attributes'] : json
  const pairs: (readonly [Json | undefined, Json | undefined])[] = Array.isArray(answered)
    ? (answered as readonly Json[]).map((item) =>
        isJsonObject(item) ? [item['name'], item['value']] : [item, undefined],
      )
    : isJsonObject(answered)
      ? Object.entries(answered)
      : []
  return pairs.map(([name, value]) => readAttribute(name, value, file))
}

function readAttribute(name: Json | undefined, value: Json | undefined, file: string): Attribute {
  const resolved = typeof name === 'string' ? resolveAttribute(name) : undefined
  if (typeof name !== 'string' || resolved === undefined) {
    const near = typeof name === 'string' ? suggestAttribute(name) : undefined
    const hint = near === undefined ? '' : `; did you mean "${near}"?`
    const given = quoteText(typeof name === 'string' ? name : JSON.stringify(name ?? null))
    throw makeUsageStop(`${file}: unknown attribute ${given}${hint}`)
  }
  if (resolved.row.side !== 'agent')
    throw makeUsageStop(`${file}: ${resolved.name} is not an attribute of agents: remove it`)
  const { origin } = resolved.row
  if (typeof value === 'string' || Number.isSafeInteger(value)) {
    return { origin, name: resolved.name, value: value as string | number }
  }
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) {
    return { origin, name: resolved.name, value }
  }
  throw makeUsageStop(`${file}: the value of ${resolved.name} must be a string, an integer or an array of strings`)
}

async function readJson(file: string, io: Io): Promise<Json> {
  const name = file === '-' ? 'the standard input' : file
  const bytes = file === '-' ? await io.input(CLAIMS_BODY_MAX_BYTES) : await readNamed(file, io)
  if (bytes === undefined || bytes.length > CLAIMS_BODY_MAX_BYTES)
    throw makeUsageStop(`${name} has more than ${CLAIMS_BODY_MAX_BYTES} bytes`)
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  if (json.ok) return json.value
  const what = bytes.length === 0 ? 'the input is empty' : `${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`
  throw makeUsageStop(`Cannot read ${name} as JSON: ${what}`)
}

async function readNamed(file: string, io: Io): Promise<Uint8Array> {
  try {
    return (await readFileCapped(resolve(io.directory, file), CLAIMS_BODY_MAX_BYTES)).bytes
  } catch (error) {
    throw makeUsageStop(`Cannot read ${file}: ${describeError(error)}`)
  }
}
