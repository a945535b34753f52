// The header `traceparent` of W3C Trace Context: which trace of the caller a request belongs to.

export interface Traceparent {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string
  /** The caller's span: 16 lower-case hexadecimal digits. */
  readonly parentId: string
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/
const LONGEST = 512

/**
 * Parses it by its grammar (section 3.2.2). A later version may have more after another dash (section 3.2.4); version `ff`
 * and ids of zeros alone are invalid.
 *
 * @returns `undefined` for anything else, which is to be ignored, as if no trace had been named
 */
export function parseTraceparent(text: string | undefined): Traceparent | undefined {
  if (text === undefined || text.length > LONGEST) return undefined
  const [, version, traceId = '', parentId = '', more] = FORM.exec(text) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  return { traceId, parentId }
}
