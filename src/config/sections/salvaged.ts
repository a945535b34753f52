// Schema metadata: a list is validated element by element.
import type { SchemaMetadata } from '../compile/validate.ts'

/** An invalid element becomes a hole, so the issues of the other elements are still reported. */
export const SALVAGED = { salvaged: true } as const satisfies SchemaMetadata
