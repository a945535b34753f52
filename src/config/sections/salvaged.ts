// How lists of a document are read: part by part.
import type { SchemaMetadata } from '../compile/validate.ts'

/** One invalid element must not hide what is wrong with the others. */
export const SALVAGED = { salvaged: true } as const satisfies SchemaMetadata
