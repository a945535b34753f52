// What is known of one attribute: a row of the catalogue. Reading, linting, rendering and the documents all use it.
import type { AlphabetName } from './alphabet.ts'

/** Where an attribute may be used. `dnsName` follows the rules of the X.509 subject: both end up in a certificate. */
export type Surface = 'pathTemplate' | 'jwtClaim' | 'x509Subject' | 'dnsName'

/** Who vouches for an attribute: what attests workloads, what attests agents, or the configuration. */
export type Side = 'workload' | 'agent' | 'built-in'

/** The setting that has to name or allow an attribute before it is used. */
export type Enabler =
  | 'includeContainerAttributes'
  | 'includeAnnotationPrefixes'
  | 'includeEnvVars'
  | 'discoverWorkloadPath'

export interface AttributeRow {
  /** As documented; a part that the workload or agent chooses stands in angle brackets: `custom.<key>`. */
  readonly name: string
  /** The attestor (or built-in) that vouches for it. */
  readonly origin: string
  readonly side: Side
  /** A workload attestor may vouch for it too; a name that comes from both sides is refused where they meet. */
  readonly alsoWorkload?: true
  /** `int` is an integer in conditions, and text in templates. */
  readonly type: 'text' | 'int'
  /** May have several values, and then is a list. */
  readonly many?: true
  /** May be absent where its origin attests. */
  readonly optional?: true
  /** Part of the digest in a session's `sub`: names the agent stably, also after its evidence was renewed. */
  readonly identity?: true
  readonly surfaces: readonly Surface[]
  /** What its values are made of. Rendered into a path, a value outside it is refused. */
  readonly alphabet: AlphabetName
  /** What its key is made of; without it, a key is any text. */
  readonly keyAlphabet?: AlphabetName
  readonly enabledBy?: Enabler
  /** The upstream server version that keys with `/` or `-` need. */
  readonly keyVersion?: string
  /** Other documented spellings of a name without a key. */
  readonly aliases?: readonly string[]
  readonly description: string
}

export const EVERYWHERE: readonly Surface[] = ['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName']
export const NOT_IN_PATHS: readonly Surface[] = ['jwtClaim', 'x509Subject', 'dnsName']

/** What a row says of itself; the rest is common to all rows of its origin. */
export type RowFacts = Omit<AttributeRow, 'name' | 'origin' | 'side' | 'type' | 'surfaces'> &
  Partial<Pick<AttributeRow, 'type' | 'surfaces'>>

export function makeRows(
  origin: string,
  side: Side,
  facts: Readonly<Record<string, RowFacts>>,
): readonly AttributeRow[] {
  return Object.entries(facts).map(([name, row]) => ({
    type: 'text',
    surfaces: EVERYWHERE,
    ...row,
    name,
    origin,
    side,
  }))
}
