// The characters and form of attribute values. The check that a path template is injective relies on this table, so a
// value that is rendered into a path must fit its row: other characters from an issuer are refused, not trusted.

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const DIGITS = '0123456789'

/** The characters of a SPIFFE path segment (SPIFFE-ID section 2.2). */
export const SEGMENT_CHARACTERS = `${UPPER}${LOWER}${DIGITS}-._`

/** A run of characters (any, if `characters` is absent), or a fixed string. */
export type AlphabetPart = { readonly characters?: string } | { readonly literal: string }

export interface Alphabet {
  /** In order. A literal has a character that the run before it cannot contain, so a value splits in one way only. */
  readonly parts: readonly AlphabetPart[]
  /** A non-empty value starts and ends with one of these. */
  readonly edges?: string
  /** Characters of real values that a path segment forbids. */
  readonly holds?: string
  /** For messages that list the characters of a value. */
  readonly description: string
}

const ALPHANUMERIC = `${UPPER}${LOWER}${DIGITS}`

export const ALPHABETS = {
  text: { parts: [{}], description: 'any text' },
  digits: { parts: [{ characters: DIGITS }], description: 'digits' },
  hex: { parts: [{ characters: `${DIGITS}abcdef` }], description: 'lower-case hex digits' },
  /** A DNS-1123 label, a UUID, an instance id, a region. */
  label: {
    parts: [{ characters: `${LOWER}${DIGITS}-` }],
    edges: ALPHANUMERIC,
    description: 'lower-case letters, digits and inner "-"',
  },
  /** A DNS-1123 subdomain: names of pods, nodes, service accounts. */
  subdomain: {
    parts: [{ characters: `${LOWER}${DIGITS}-.` }],
    edges: ALPHANUMERIC,
    description: 'lower-case letters, digits and inner "-" and "."',
  },
  /** A Kubernetes label value, which may be empty; a UUID in either case. */
  labelValue: {
    parts: [{ characters: SEGMENT_CHARACTERS }],
    edges: ALPHANUMERIC,
    description: 'letters, digits and inner "-", "_" and "."',
  },
  identifier: { parts: [{ characters: SEGMENT_CHARACTERS }], description: 'letters, digits, "-", "_" and "."' },
  /** The key of a Kubernetes label or annotation: `app.kubernetes.io/name`. */
  qualifiedKey: {
    parts: [{ characters: `${SEGMENT_CHARACTERS}/` }],
    description: 'letters, digits, "-", "_", "." and "/"',
  },
  /** The owner of a pod: `ReplicaSet:web-1`. */
  kindAndName: {
    parts: [{ characters: ALPHANUMERIC }, { literal: ':' }, { characters: SEGMENT_CHARACTERS }],
    holds: ':',
    description: 'Type:Name',
  },
  imageName: { parts: [{}], holds: '/:', description: 'an image name' },
  imageId: { parts: [{}], holds: '/:@', description: 'an image id' },
  filePath: { parts: [{}], holds: '/', description: 'a path' },
  url: { parts: [{}], holds: '/:', description: 'a URL' },
} as const satisfies Record<string, Alphabet>

export type AlphabetName = keyof typeof ALPHABETS

/** The characters of each run as UTF-16 units: all of them are ASCII. */
const CODES: ReadonlyMap<string, ReadonlySet<number>> = new Map(
  Object.values(ALPHABETS).flatMap(({ parts }: Alphabet) =>
    parts.flatMap((part) =>
      'literal' in part || part.characters === undefined
        ? []
        : [[part.characters, new Set(Array.from(part.characters, (character) => character.charCodeAt(0)))] as const],
    ),
  ),
)

/** Whether a value has the form of its alphabet. Runs may be empty: the surface refuses empty values. */
export function fitsAlphabet(value: string, name: AlphabetName): boolean {
  const { parts, edges }: Alphabet = ALPHABETS[name]
  if (edges !== undefined && value !== '' && !(edges.includes(value.charAt(0)) && edges.includes(value.slice(-1))))
    return false
  let at = 0
  for (const part of parts) {
    if ('literal' in part) {
      if (!value.startsWith(part.literal, at)) return false
      at += part.literal.length
    } else if (part.characters === undefined) {
      at = value.length
    } else {
      const allowed = CODES.get(part.characters)
      while (at < value.length && allowed?.has(value.charCodeAt(at))) at++
    }
  }
  return at === value.length
}
