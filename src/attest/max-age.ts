// `maxAge` of a policy: how old a signed document may be that its platform gives out once, or again and again.
import { describeSeconds, formatDuration } from '../core/duration.ts'
import type { Check } from './check.ts'

export interface MaxAge {
  readonly maxAgeSeconds: number | undefined
  /** From when it counts: `since it was signed`. */
  readonly since: string
  /** What is too old, before `ago`. @param age in words, such as `2 hours` */
  readonly describe: (age: string) => string
}

/** Nothing without `maxAgeSeconds`. @param ageSeconds when it logged in; absent in a session that did not record it */
export function* checkMaxAge(
  ageSeconds: number | undefined,
  { maxAgeSeconds, since, describe }: MaxAge,
): Generator<Check> {
  if (maxAgeSeconds === undefined) return
  const expected = `at most ${formatDuration(maxAgeSeconds)} ${since}`
  if (ageSeconds === undefined) {
    yield { name: 'age', expected, actual: undefined, refusal: undefined, unknown: 'the age was not recorded' }
    return
  }
  const actual = describeSeconds(ageSeconds)
  const audit = { maxAge: formatDuration(maxAgeSeconds) }
  const refusal = { code: 'document_too_old', detail: describe(actual), audit } as const
  yield { name: 'age', expected, actual, refusal: ageSeconds <= maxAgeSeconds ? undefined : refusal }
}
