// Meters for tests of what decides, not of what it costs.

import { pass } from '../../src/core/result.ts'
import type { MappingMeter } from '../../src/policy/mapping/mapping-meter.ts'

/** Any amount of everything; conditions hold. */
export const FREE: MappingMeter = {
  decide: () => pass(true),
  spend: () => undefined,
  refuseBytes: () => undefined,
  takeBytes: () => undefined,
}
