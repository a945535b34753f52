import { describe, expect, it } from 'vitest'
import {
  countSecondsSince,
  describeSeconds,
  formatDuration,
  parseDurationMillis,
  parseDurationSeconds,
  roundUpToSeconds,
} from '../../src/core/duration.ts'

describe('parseDurationSeconds()', () => {
  it.each([
    ['24h', 86_400],
    ['30m', 1800],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['90s', 90],
    ['1000ms', 1],
    ['0s', 0],
  ])('%s is %i', (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds)
  })

  it.each(['', '24', 'h', '-1h', '1 h', '1d', '1ms', '1.5s', '1H', '١h', '1h '.repeat(50)])('%j is none', (text) => {
    expect(parseDurationSeconds(text)).toBeUndefined()
  })
})

describe('parseDurationMillis()', () => {
  it.each([
    ['5s', 5000],
    ['2.5s', 2500],
    ['100ms', 100],
    ['1s500ms', 1500],
    ['0s', 0],
  ])('%s is %i', (text, millis) => {
    expect(parseDurationMillis(text)).toBe(millis)
  })

  it.each(['', '5', '-5s', '0.5ms', '5 s'])('%j is none', (text) => {
    expect(parseDurationMillis(text)).toBeUndefined()
  })
})

describe('formatDuration()', () => {
  it.each([
    [0, '0s'],
    [45, '45s'],
    [300, '5m'],
    [5400, '1h30m'],
    [604_800, '168h'],
    [3661, '1h1m1s'],
  ])('of %i is %s, and reads back', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
    expect(parseDurationSeconds(text)).toBe(seconds)
  })
})

describe('describeSeconds()', () => {
  it.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7200, '2 h'],
    [7260, '2 h 1 min'],
    [172_800, '2 d'],
    [176_400, '2 d 1 h'],
  ])('%i is %s', (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text)
  })
})

describe('countSecondsSince()', () => {
  it.each([
    [1999, 1],
    [0, 0],
    [-5000, 0],
  ])('of %i ms is %i', (millis, seconds) => {
    expect(countSecondsSince(10_000, 10_000 + millis)).toBe(seconds)
  })
})

describe('roundUpToSeconds()', () => {
  it.each([
    [-5000, 1],
    [0, 1],
    [1000, 1],
    [1001, 2],
  ])('of %i ms is %i', (millis, seconds) => {
    expect(roundUpToSeconds(millis)).toBe(seconds)
  })
})
