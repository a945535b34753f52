import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesGlob } from '../../src/attest/glob.ts'

describe('matchesGlob()', () => {
  it.each([
    ['spirl-system:spirl-agent', 'spirl-system:spirl-agent', true],
    ['spirl-*:spirl-agent', 'spirl-system:spirl-agent', true],
    ['*:spirl-agent', 'kube-system:spirl-agent', true],
    ['ip-10-0-*.ec2.internal', 'ip-10-0-1-1.ec2.internal', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abbc', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['ab*bc', 'abc', false],
    ['a*b*c', 'a-c-b', false],
    ['*', 'ns:name', false],
    ['ns*', 'ns:name', false],
    ['*:*', 'ns:name', true],
    ['ns:name', 'ns:name2', false],
    ['ns:name', 'NS:name', false],
    ['n.s', 'nxs', false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected)
  })

  it('agrees with a regular expression made of the same pattern', () => {
    const piece = fc.stringMatching(/^[ab.:*]{0,8}$/)
    fc.assert(
      fc.property(piece, piece, (pattern, text) => {
        const expression = pattern.replace(/[.]/g, '\\.').replace(/\*/g, '[^:]*')
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${expression}$`).test(text))
      }),
      { numRuns: 2000 },
    )
  })
})
