// What `postern map` is asked about: a pod as kubectl prints it, or attributes as an issuer sends them; and what the agent
// is taken to have proved.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Attribute } from '../../attribute/attribute.ts'
import { resolveAttribute, suggestAttribute } from '../../attribute/catalogue.ts'
import { isJsonObject, type Json, parseJsonBytes } from '../../core/json.ts'
import { CLAIMS_BODY_MAX_BYTES, JSON_DEPTH_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { WorkloadDescription } from '../../policy/mapping/workload.ts'
import { type Io, usageStop } from '../command.ts'

/** `file` is `-` for the standard input. */
export async function readWorkload(file: string, container: string | undefined, io: Io): Promise<WorkloadDescription> {
  const json = onlyItem(await readJson(file, io), file)
  if (!isJsonObject(json))
    throw usageStop(`${file} is not a JSON object: use the output of kubectl get pod NAME -o json`)
  const { attributes, metadata } = json
  if (metadata === undefined && isJsonObject(attributes)) {
    if (container !== undefined) throw usageStop('--container needs a pod, not attributes')
    return { id: file, attributes }
  }
  const name = isJsonObject(metadata) ? metadata['name'] : undefined
  return { id: typeof name === 'string' ? name : file, pod: json, ...(container === undefined ? {} : { container }) }
}

/** kubectl prints a list where it was not asked for one pod by name. */
function onlyItem(json: Json, file: string): Json {
  const items = isJsonObject(json) && Array.isArray(json['items']) ? (json['items'] as readonly Json[]) : undefined
  if (items === undefined) return json
  const [only] = items
  if (items.length !== 1 || only === undefined)
    throw usageStop(`${file} holds ${items.length} pods: ask for one by name`)
  return only
}

/** A list of attributes, an object of them by name, or a whole answer to a login. */
export async function readAgentAttributes(file: string, io: Io): Promise<readonly Attribute[]> {
  const json = await readJson(file, io)
  if (isJsonObject(json) && json['attributesOmitted'] !== undefined)
    throw usageStop(`${file} omits attributes (attributesOmitted): use the answer to that login`)
  const answered = isJsonObject(json) && json['attributes'] !== undefined ? json['attributes'] : json
  const pairs: (readonly [Json | undefined, Json | undefined])[] = Array.isArray(answered)
    ? (answered as readonly Json[]).map((item) =>
        isJsonObject(item) ? [item['name'], item['value']] : [item, undefined],
      )
    : isJsonObject(answered)
      ? Object.entries(answered)
      : []
  return pairs.map(([name, value]) => attributeOf(name, value, file))
}

function attributeOf(name: Json | undefined, value: Json | undefined, file: string): Attribute {
  const resolved = typeof name === 'string' ? resolveAttribute(name) : undefined
  if (typeof name !== 'string' || resolved === undefined) {
    const near = typeof name === 'string' ? suggestAttribute(name) : undefined
    const hint = near === undefined ? '' : `; did you mean "${near}"?`
    const given = quoteText(typeof name === 'string' ? name : JSON.stringify(name ?? null))
    throw usageStop(`${file}: unknown attribute ${given}${hint}`)
  }
  if (resolved.row.side !== 'agent') throw usageStop(`${file}: ${resolved.name} is not attested by agents`)
  const { origin } = resolved.row
  if (typeof value === 'string' || Number.isSafeInteger(value)) {
    return { origin, name: resolved.name, value: value as string | number }
  }
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) {
    return { origin, name: resolved.name, value }
  }
  throw usageStop(`${file}: the value of ${resolved.name} must be a string, an integer or an array of strings`)
}

async function readJson(file: string, io: Io): Promise<Json> {
  const bytes = file === '-' ? await io.input() : await readNamed(file, io)
  if (bytes.length > CLAIMS_BODY_MAX_BYTES) throw usageStop(`${file} has more than ${CLAIMS_BODY_MAX_BYTES} bytes`)
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  if (json.ok) return json.value
  const what = bytes.length === 0 ? 'the input is empty' : `${json.fault.replaceAll('_', ' ')} at offset ${json.offset}`
  throw usageStop(`Cannot read ${file === '-' ? 'the standard input' : file} as JSON: ${what}`)
}

async function readNamed(file: string, io: Io): Promise<Uint8Array> {
  try {
    return await readFile(resolve(io.directory, file))
  } catch (error) {
    throw usageStop(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
