// The schemas of all sections in one file for the bundle of the Worker: three of them list every attestor, and what they share is
// written once. The gateway puts them together again (`src/gateway/routes/section-schemas.ts`).

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export interface SectionParts {
  /** What occurs more than once. It may refer to other parts. */
  readonly parts: readonly Json[]
  /** By name; `{"$part": n}` stands for a part. */
  readonly sections: Readonly<Record<string, Json>>
}

/** A shorter subtree takes no less room as a reference. */
const SHARED_MIN_LENGTH = 60

export function makeSectionParts(schemas: Readonly<Record<string, Json>>): SectionParts {
  const counts = new Map<string, number>()
  function count(value: Json): void {
    if (typeof value !== 'object' || value === null) return
    const text = JSON.stringify(value)
    counts.set(text, (counts.get(text) ?? 0) + 1)
    for (const child of Object.values(value)) count(child as Json)
  }
  for (const schema of Object.values(schemas)) count(schema)

  const parts: Json[] = []
  const known = new Map<string, number>()
  /** @param times how often that occurs which `value` is a member of: with it `value` is shared already */
  function share(value: Json, times: number): Json {
    if (typeof value !== 'object' || value === null) return value
    const text = JSON.stringify(value)
    const own = counts.get(text) ?? 1
    if (text.length < SHARED_MIN_LENGTH || own <= times) return shareMembers(value, times)
    let at = known.get(text)
    if (at === undefined) {
      at = parts.push(null) - 1
      known.set(text, at)
      parts[at] = shareMembers(value, own)
    }
    return { $part: at }
  }
  function shareMembers(value: Exclude<Json, string | number | boolean | null>, times: number): Json {
    if (Array.isArray(value)) return value.map((item: Json) => share(item, times))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, share(member as Json, times)]))
  }
  const sections = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, share(schema, 1)]))
  return { parts, sections }
}
