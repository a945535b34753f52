// What of the page goes into a link: no signature unless it is asked for, no private key ever.
import { type Packed, packState, type SharedState } from './shared-state.ts'
import { stripEvidence } from './strip-evidence.ts'
import { stripKeys } from './strip-keys.ts'
import { stripTests } from './strip-tests.ts'
import { stripWorkload } from './strip-workload.ts'

export interface ShareChoices {
  /** The evidence as it was pasted, in the tests too, with which anyone could log in. */
  readonly whole: boolean
  readonly workload: boolean
  readonly keys: boolean
}

/** Selects and packs. `omitted`: what of the evidence and the tests is left out, as clauses. */
export async function packShared(
  state: SharedState,
  choices: ShareChoices,
): Promise<Packed & { readonly omitted: readonly string[] }> {
  const { text, omitted } = choices.whole ? { text: state.evidence, omitted: [] } : stripEvidence(state.evidence)
  const checked = choices.whole ? { tests: state.tests } : stripTests(state.tests)
  const packed = await packState({
    ...state,
    tests: 'tests' in checked ? checked.tests : undefined,
    evidence: text,
    keys: choices.keys ? stripKeys(state.keys) : '',
    workload: choices.workload ? stripWorkload(state.workload) : '',
  })
  return { ...packed, omitted: 'omitted' in checked ? [...omitted, checked.omitted] : omitted }
}
