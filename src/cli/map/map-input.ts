// Reads the input of `postern map`: a pod as kubectl prints it, or attributes as an issuer sends them, and the attributes
// of the agent, which are assumed to be proved.
import { resolve } from 'node:path'
import type { Attribute } from '../../attribute/attribute.ts'
import { type Json, parseJsonBytes } from '../../core/json.ts'
import { CLAIMS_BODY_MAX_BYTES, JSON_DEPTH_MAX } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import { readAgentAttributes } from '../../explain/read-agent-attributes.ts'
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
export async function readAgentAttributesFile(file: string, io: Io): Promise<readonly Attribute[]> {
  const read = readAgentAttributes(await readJson(file, io))
  if ('attributes' in read) return read.attributes
  throw makeUsageStop(read.fault.startsWith('omits') ? `${file} ${read.fault}` : `${file}: ${read.fault}`)
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
