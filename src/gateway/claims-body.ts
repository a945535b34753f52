// The body of a claims request. It holds whole pods, whose fields are not copied here: the mapping reads only those
// that the attribute catalogue names.
import * as v from 'valibot'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { CLAIMS_WORKLOADS_MAX, WORKLOAD_ID_MAX_LENGTH } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'

const object = v.pipe(
  v.custom<JsonObject>((value) => isJsonObject(value as Json), 'an object'),
  // Members are neither copied nor checked; the published schema is an object with any members.
  v.metadata({ type: 'object', additionalProperties: true }),
)

export const claimsBodySchema = v.strictObject({
  agentSession: v.optional(v.pipe(v.string(), v.nonEmpty())),
  workloads: v.pipe(
    v.array(
      v.pipe(
        v.strictObject({
          id: v.pipe(v.string(), v.nonEmpty(), v.maxLength(WORKLOAD_ID_MAX_LENGTH)),
          attributes: v.optional(object),
          pod: v.optional(object),
          container: v.optional(v.pipe(v.string(), v.nonEmpty())),
        }),
        v.description('Either attributes, or a v1.Pod and, if it has several containers, the name of one'),
      ),
    ),
    v.minLength(1),
    v.maxLength(CLAIMS_WORKLOADS_MAX),
  ),
})

export type ClaimsBody = v.InferOutput<typeof claimsBodySchema>
export type WorkloadInput = ClaimsBody['workloads'][number]

/**
 * Checks what the schema cannot: ids are unique; a workload has attributes or a pod, not both; a container needs a pod.
 */
export function checkWorkloads(workloads: readonly WorkloadInput[]): Checked<readonly WorkloadInput[]> {
  const ids = new Set<string>()
  for (const [index, { id, attributes, pod, container }] of workloads.entries()) {
    const where = `workloads[${index}]`
    if (ids.has(id)) return refuseMalformed(`${where}.id`, 'repeats an id: give each workload its own')
    ids.add(id)
    if ((attributes === undefined) === (pod === undefined))
      return refuseMalformed(where, 'must have either attributes or a pod')
    if (container !== undefined && pod === undefined)
      return refuseMalformed(`${where}.container`, 'is only allowed with a pod')
  }
  return pass(workloads)
}

function refuseMalformed(where: string, what: string): Checked<never> {
  return refuse({ code: 'request_malformed', where, detail: `the field ${where} ${what}` })
}
