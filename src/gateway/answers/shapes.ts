// What the shapes of answers are made of. Objects of answers are open, to members of later versions; those of requests are
// closed, for the gateway refuses a member that it does not know. Nothing here runs in a request: types are inferred from
// these schemas, and `npm run schemas` writes them into the description of the interface.
import * as v from 'valibot'

export const integer = v.pipe(v.number(), v.integer())
/** RFC 3339, in UTC. */
export const time = v.pipe(v.string(), v.isoTimestamp())
export const anyObject = v.record(v.string(), v.unknown())

/** A list that its maker may keep: nobody who is given it changes it. */
export function defineList<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item), v.readonly())
}

export const configurationSchema = v.pipe(
  v.record(v.string(), v.object({ digest: v.string(), stale: v.boolean() })),
  v.description('The digest of each section that was used'),
)

/** By the name of the section. */
export type Configuration = v.InferOutput<typeof configurationSchema>
