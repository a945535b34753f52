import { describe, expect, it } from 'vitest'
import { findContentFailure, makeContentError, readCoding, removeCoding } from '../../src/net/content-coding.ts'

const coded = (name: string): Headers => new Headers({ 'content-encoding': name })

function failureOf(headers: Headers): unknown {
  try {
    return readCoding(headers)
  } catch (error) {
    return findContentFailure(error)
  }
}

describe('the coding of content', () => {
  it.each([
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['br', 'br'],
    ['identity', undefined],
    ['', undefined],
  ])('%j is read', (name, coding) => expect(failureOf(coded(name))).toBe(coding))

  it('may be absent', () => expect(failureOf(new Headers())).toBeUndefined())

  it.each(['zstd', 'gzip, br', 'constructor'])('%j is not supported', (name) => {
    expect(failureOf(coded(name))).toEqual({ kind: 'coding_unsupported', coding: name })
  })

  it('is gone from decoded content, and so is the length', () => {
    const headers = new Headers({ 'content-encoding': 'gzip', 'content-length': '9', date: 'now' })
    expect([...removeCoding(headers)]).toEqual([['date', 'now']])
    expect(headers.get('content-encoding')).toBe('gzip')
  })

  it('is known of its own errors alone', () => {
    const failure = { kind: 'coding_broken', coding: 'br' } as const
    expect(findContentFailure(makeContentError(failure))).toBe(failure)
    expect([findContentFailure(new Error('content')), findContentFailure('content')]).toEqual([undefined, undefined])
  })
})
