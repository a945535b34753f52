// The body of a request for claims. Whole pods are in it, so their fields are not copied here: what reads them reads
// only what the catalogue names.
import * as v from 'valibot'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { CLAIMS_WORKLOADS_MAX, WORKLOAD_ID_MAX_LENGTH } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'

const object = v.pipe(
  v.custom<JsonObject>((value) => isJsonObject(value as Json), 'an object'),
  // No member is copied, so no schema of members: as published, an object of any.
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
        v.description('With attributes, or with a v1.Pod and, where it has several, the name of a container'),
      ),
    ),
    v.minLength(1),
    v.maxLength(CLAIMS_WORKLOADS_MAX),
  ),
})

export type ClaimsBody = v.InferOutput<typeof claimsBodySchema>
export type WorkloadInput = ClaimsBody['workloads'][number]

/** What a schema cannot say: ids are unique; a workload has attributes or a pod; a container is one of a pod. */
export function checkWorkloads(workloads: readonly WorkloadInput[]): Checked<readonly WorkloadInput[]> {
  const ids = new Set<string>()
  for (const [index, { id, attributes, pod, container }] of workloads.entries()) {
    const where = `workloads[${index}]`
    if (ids.has(id)) return refuseMalformed(`${where}.id`, 'is used twice')
    ids.add(id)
    if ((attributes === undefined) === (pod === undefined))
      return refuseMalformed(where, 'needs either attributes or a pod')
    if (container !== undefined && pod === undefined) return refuseMalformed(`${where}.container`, 'needs a pod')
  }
  return pass(workloads)
}

function refuseMalformed(where: string, what: string): Checked<never> {
  return refuse({ code: 'request_malformed', where, detail: `the field ${where} ${what}` })
}
