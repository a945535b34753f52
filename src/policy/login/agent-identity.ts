// Which attributes name an agent: those that the catalogue marks. Their digest ends the `sub` of a session.
import type { Attribute } from '../../attribute/attribute.ts'
import { resolveAttribute } from '../../attribute/catalogue.ts'

/** The attributes that stay the same when the agent renews its evidence, and differ between two agents. */
export function listIdentity(attributes: readonly Attribute[]): readonly Attribute[] {
  return attributes.filter(({ name }) => resolveAttribute(name)?.row.identity === true)
}
