import { describe, expect, it } from 'vitest'
import { readPort } from '../../src/net/port.ts'

describe('readPort()', () => {
  it.each([
    ['0', 0],
    ['443', 443],
    ['65535', 65_535],
    ['65536', undefined],
    ['000001', undefined],
    ['', undefined],
    ['-1', undefined],
    ['0x1', undefined],
  ])('of %j is %s', (text, port) => {
    expect(readPort(text)).toBe(port)
  })
})
