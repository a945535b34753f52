import { describe, expect, it } from 'vitest'
import { ALPHABETS, type Alphabet, type AlphabetName, fitsAlphabet } from '../../src/attribute/alphabet.ts'

describe('fitsAlphabet()', () => {
  it.each<[AlphabetName, string, boolean]>([
    ['text', '\u0000/{{', true],
    ['digits', '042', true],
    ['digits', '-1', false],
    ['label', 'prod-etl', true],
    ['label', 'prod.etl', false],
    ['label', '-prod', false],
    ['label', 'prod-', false],
    ['label', 'Prod', false],
    ['subdomain', 'ip-10-0-0-1.ec2.internal', true],
    ['subdomain', '..', false],
    ['labelValue', 'A_b.c-d', true],
    ['labelValue', '_a', false],
    ['labelValue', '', true],
    ['kindAndName', 'ReplicaSet:web-1', true],
    ['kindAndName', 'ReplicaSet', false],
    ['kindAndName', 'a:b:c', false],
    ['kindAndName', 'a-b:c', false],
    ['label', 'a\ud800', false],
  ])('of %s and %j: %s', (name, value, fits) => {
    expect(fitsAlphabet(value, name)).toBe(fits)
  })

  it('splits values in one way only: a fixed text ends the run before it', () => {
    const alphabets: readonly Alphabet[] = Object.values(ALPHABETS)
    for (const { parts } of alphabets) {
      for (const [index, part] of parts.entries()) {
        const before = parts[index - 1]
        if (!('literal' in part) || before === undefined || 'literal' in before) continue
        expect([...part.literal].some((character) => before.characters?.includes(character) === false)).toBe(true)
      }
    }
  })
})
