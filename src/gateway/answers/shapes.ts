// Schemas shared by the answers. Objects in answers are open, for members of later versions; those in requests are
// closed, because the gateway refuses unknown members. No request runs these schemas: the compiler compares them with the types beside them, and
// `npm run schemas` writes them into the description of the interface.
import * as v from 'valibot'

export const integer = v.pipe(v.number(), v.integer())
/** RFC 3339, in UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp())
export const anyObject = v.record(v.string(), v.unknown())

/** An array that is read-only for its users, so its maker may keep and share it. */
export function defineList<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.readonly())
}

export const configurationSchema = v.pipe(
  v.record(v.string(), v.object({ digest: v.string(), stale: v.boolean() })),
  v.description('The digest of each section that was used, by its name'),
) satisfies v.GenericSchema<Configuration>

/** By the name of the section. */
export interface Configuration {
  readonly [section: string]: { readonly digest: string; readonly stale: boolean }
}
