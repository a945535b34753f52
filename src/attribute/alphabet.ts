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
  /** Characters that real values hold, and a path segment forbids. */
  readonly holds?: string
}

export const ALPHABETS = {
  text: { parts: [{}] },
  digits: { parts: [{ characters: DIGITS }] },
  hex: { parts: [{ characters: `${DIGITS}abcdef` }] },
  /** A DNS-1123 label, a UUID, an instance id, a region. */
  label: { parts: [{ characters: `${LOWER}${DIGITS}-` }] },
  /** A DNS-1123 subdomain: names of pods, nodes, service accounts. */
  subdomain: { parts: [{ characters: `${LOWER}${DIGITS}-.` }] },
  /** A Kubernetes label value; it may be empty. */
  segment: { parts: [{ characters: SEGMENT_CHARACTERS }] },
  /** The key of a Kubernetes label or annotation: `app.kubernetes.io/name`. */
  qualifiedKey: { parts: [{ characters: `${SEGMENT_CHARACTERS}/` }] },
  /** The owner of a pod: `ReplicaSet:web-1`. */
  kindAndName: {
    parts: [{ characters: `${UPPER}${LOWER}${DIGITS}` }, { literal: ':' }, { characters: SEGMENT_CHARACTERS }],
    holds: ':',
  },
  imageName: { parts: [{}], holds: '/:' },
  imageId: { parts: [{}], holds: '/:@' },
  filePath: { parts: [{}], holds: '/' },
  url: { parts: [{}], holds: '/:' },
} as const satisfies Record<string, Alphabet>

export type AlphabetName = keyof typeof ALPHABETS

/** Whether a value is made as its alphabet says. Runs may be empty; that is for the surface to refuse. */
export function fitsAlphabet(value: string, name: AlphabetName): boolean {
  const parts: readonly AlphabetPart[] = ALPHABETS[name].parts
  let at = 0
  for (const part of parts) {
    if ('literal' in part) {
      if (!value.startsWith(part.literal, at)) return false
      at += part.literal.length
    } else if (part.characters === undefined) {
      at = value.length
    } else {
      while (at < value.length && part.characters.includes(value[at] ?? '')) at++
    }
  }
  return at === value.length
}
