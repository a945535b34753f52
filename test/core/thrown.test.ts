import { describe, expect, it } from 'vitest'
import { describeError, readErrorCode } from '../../src/core/thrown.ts'

describe('what was thrown', () => {
  it.each<[string, unknown, string, unknown]>([
    ['an error of the system', Object.assign(new Error('no such file'), { code: 'ENOENT' }), 'no such file', 'ENOENT'],
    ['an error without a code', new TypeError('no'), 'no', undefined],
    ['a string', 'no', 'no', undefined],
    ['an object that is no error', { code: 'ENOENT' }, '[object Object]', undefined],
    ['nothing', undefined, 'undefined', undefined],
  ])('is read of %s', (_what, thrown, message, code) => {
    expect([describeError(thrown), readErrorCode(thrown)]).toEqual([message, code])
  })
})
