// What one request for claims may cost: fuel for choosing overrides and rendering templates, and bytes of the answer. A
// workload beyond it is refused by a code of its own, and fails no other.
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import { CLAIMS_ANSWER_MAX_BYTES, CLAIMS_FUEL_PER_REQUEST, WORKLOAD_ANSWER_MAX_BYTES } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { createFuelTank, decideWithin, takeFuel } from '../conditions.ts'
import type { ChoiceMeter } from './select-issuance.ts'

export interface MappingMeter extends ChoiceMeter {
  /** Why `bytes` are too many for one workload, or more than the request has left; they are not yet taken. */
  readonly refuseBytes: (bytes: number) => Refusal | undefined
  /** Takes what a workload's values have in the answer. */
  readonly takeBytes: (bytes: number) => void
}

/** One for each request. */
export function createMappingMeter(engine: ConditionEngine): MappingMeter {
  const tank = createFuelTank(CLAIMS_FUEL_PER_REQUEST)
  let bytesLeft = CLAIMS_ANSWER_MAX_BYTES
  return {
    decide: decideWithin(engine, tank),
    spend: (fuel) => (takeFuel(tank, fuel) ? undefined : TOO_COSTLY),
    refuseBytes: (bytes) =>
      bytes > WORKLOAD_ANSWER_MAX_BYTES ? WORKLOAD_TOO_LARGE : bytes > bytesLeft ? ANSWER_TOO_LARGE : undefined,
    takeBytes(bytes) {
      bytesLeft -= bytes
    },
  }
}

const TOO_COSTLY: Refusal = {
  code: 'mapping_too_costly',
  detail:
    'The request has used up its budget of work for overrides, conditions and templates: send the remaining workloads in another request, or shorten the templates and conditions that read long values',
}
const WORKLOAD_TOO_LARGE: Refusal = {
  code: 'answer_too_large',
  detail: `The rendered values of this workload take more than ${WORKLOAD_ANSWER_MAX_BYTES} bytes: shorten the templates, or use fewer claims`,
}
const ANSWER_TOO_LARGE: Refusal = {
  code: 'answer_too_large',
  detail: `The rendered values of all workloads take more than ${CLAIMS_ANSWER_MAX_BYTES} bytes: send the remaining workloads in another request, or shorten the templates`,
}
