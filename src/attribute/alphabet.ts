// What the values of an attribute are made of. A path template is called injective on the strength of this table, so
// a value rendered into a path has to fit its row: an issuer that sends other characters is refused, not trusted.

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const DIGITS = '0123456789'

/** A SPIFFE path segment may hold these and no others (SPIFFE-ID section 2.2). */
export const SEGMENT_CHARACTERS = `${UPPER}${LOWER}${DIGITS}-._`

/** A run of characters (any text if `characters` is not given), or a text that is always there. */
export type AlphabetPart = { readonly characters?: string } | { readonly literal: string }

export interface Alphabet {
  /** In order. A literal holds a character that the run before it cannot: values split in one way only. */
  readonly parts: readonly AlphabetPart[]
  /** A value that is not empty starts and ends with one of these. */
  readonly edges?: string
  /** Characters that real values hold, and a path segment forbids. */
  readonly holds?: string
  /** For messages: `kubernetes.pod.namespace` holds ... */
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

/** Whether a value is made as its alphabet says. Runs may be empty; that is for the surface to refuse. */
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
