// Changes of an input, as a hostile sender would make them: bytes that flip, pieces that are doubled, cut, moved or taken from another
// input, lengths that lie, and words that the formats know. Everything follows from the seed.
export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number
}

/** A small generator (mulberry32): the same seed gives the same numbers on every host. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    below(bound) {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound)
    },
  }
}

const WORDS: readonly string[] = [
  ...[
    '',
    '\0',
    '\n',
    '\r\n',
    '\u2028',
    '\ufeff',
    '\ud800',
    '\u202e',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\',
    '..',
    '/',
    '%',
  ],
  ...[
    '{{',
    '}}',
    '{{x}}',
    '*',
    '**',
    '(?:',
    '(a*)*',
    '[^',
    '\\p{L}',
    '{1,1000}',
    '&&',
    '||',
    '==',
    'has(',
    'matches(',
    '.size()',
  ],
  ...[
    'null',
    'true',
    '-1',
    '0',
    '1e999',
    '9007199254740993',
    '-0',
    '__proto__',
    'constructor',
    'toString',
    '<<',
    '&a',
    '*a',
    '!!str',
    '---',
  ],
  ...[
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '====',
    'eyJ',
    '.',
    'Z',
    'A'.repeat(300),
    '[a,'.repeat(60),
    ' '.repeat(200),
  ],
]
const encoder = new TextEncoder()

/** Bytes of lengths and tags that DER and SSH know. */
const BYTES: readonly (readonly number[])[] = [
  [0x80],
  [0x24, 0x80],
  [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x00],
  [0x7f, 0xff, 0xff, 0xff],
  [0x05, 0x00],
  [0x00, 0x00],
]

/** An input with one to four changes. @param corpus - inputs to take pieces from; @param maxBytes - never longer */
export function mutate(input: Uint8Array, corpus: readonly Uint8Array[], random: Random, maxBytes: number): Uint8Array {
  let bytes = input
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = change(bytes, corpus, random)
  return bytes.subarray(0, maxBytes)
}

function change(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random.below(bytes.length + 1)
  const until = Math.min(bytes.length, at + 1 + random.below(random.below(2) === 0 ? 8 : 200))
  const piece = bytes.slice(at, until)
  switch (random.below(9)) {
    case 0: {
      const flipped = Uint8Array.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
      return flipped
    }
    case 1: {
      const set = Uint8Array.from(bytes)
      if (at < set.length) set[at] = random.below(256)
      return set
    }
    case 2:
      return splice(bytes, at, until, new Uint8Array())
    case 3:
      return splice(bytes, until, until, piece)
    case 4:
      return splice(bytes, at, at, encoder.encode(WORDS[random.below(WORDS.length)] ?? ''))
    case 5:
      return splice(bytes, at, until, encoder.encode(WORDS[random.below(WORDS.length)] ?? ''))
    case 6:
      return splice(bytes, at, Math.min(bytes.length, at + 4), Uint8Array.from(BYTES[random.below(BYTES.length)] ?? []))
    case 7: {
      const other = corpus[random.below(corpus.length)] ?? bytes
      const start = random.below(other.length + 1)
      return splice(bytes, at, until, other.slice(start, start + 1 + random.below(100)))
    }
    default:
      return bytes.slice(0, at)
  }
}

function splice(bytes: Uint8Array, from: number, to: number, between: Uint8Array): Uint8Array {
  const made = new Uint8Array(bytes.length - (to - from) + between.length)
  made.set(bytes.subarray(0, from))
  made.set(between, from)
  made.set(bytes.subarray(to), from + between.length)
  return made
}
