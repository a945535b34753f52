// The table of attestors. A new attestor is one file and one row here.
import type { Attestor } from './attestor.ts'
import { k8sToken } from './k8s-token/k8s-token.ts'

const ROWS: readonly Attestor[] = [k8sToken]

export const ATTESTORS: ReadonlyMap<string, Attestor> = new Map(ROWS.map((row) => [row.type, row]))
