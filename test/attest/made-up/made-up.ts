// Attestors that this project does not have, one of each kind, as somebody else's gateway would list them.
import type { Attestor } from '../../../src/attest/attestor.ts'
import { ATTESTORS } from '../../../src/attest/table.ts'
import { buildToken } from './build-token.ts'
import { keyProof } from './key-proof.ts'
import { regionNote } from './region-note.ts'
import { webhook } from './webhook.ts'

export const WITH_MADE_UP: readonly Attestor[] = [...ATTESTORS, buildToken, regionNote, keyProof, webhook]
