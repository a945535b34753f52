import { expect, it } from 'vitest'
import { parseTraceparent } from '../../../src/gateway/audit/traceparent.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const GOOD = `00-${TRACE}-${PARENT}-01`

it.each([
  ['version 00', GOOD],
  ['flags that are not known', `00-${TRACE}-${PARENT}-ff`],
  ['a later version', `cc-${TRACE}-${PARENT}-01`],
  ['a later version with more', `cc-${TRACE}-${PARENT}-01-what-the-future-will-be`],
])('takes %s', (_what, text) => {
  expect(parseTraceparent(text)).toEqual({ traceId: TRACE, parentId: PARENT })
})

it.each<[string, string | undefined]>([
  ['none', undefined],
  ['an empty one', ''],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['more after version 00', `${GOOD}-more`],
  ['a later version with more, but no dash', `cc-${TRACE}-${PARENT}-01.more`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', GOOD.toUpperCase()],
  ['a short trace', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['a long parent', `00-${TRACE}-${PARENT}0-01`],
  ['no flags', `00-${TRACE}-${PARENT}`],
  ['a space before it', ` ${GOOD}`],
  ['a line after it', `${GOOD}\n`],
  ['two headers', `${GOOD}, ${GOOD}`],
  ['a very long one of a later version', `cc-${TRACE}-${PARENT}-01-${'x'.repeat(500)}`],
])('ignores %s', (_what, text) => {
  expect(parseTraceparent(text)).toBeUndefined()
})
