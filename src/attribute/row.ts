// The type of a row of the catalogue: one attribute. Reading, linting, rendering and the documentation use it.
import type { AlphabetName } from './alphabet.ts'

/** Where an attribute may be used. `dnsName` follows the rules of the X.509 subject: both end up in a certificate. */
export type Surface = 'pathTemplate' | 'jwtClaim' | 'x509Subject' | 'dnsName'

/** Who vouches for an attribute: a workload attestor, an agent attestor, or the configuration. */
export type Side = 'workload' | 'agent' | 'built-in'

/** The setting that enables an attribute. */
export type Enabler =
  | 'includeContainerAttributes'
  | 'includeAnnotationPrefixes'
  | 'includeEnvVars'
  | 'discoverWorkloadPath'

/**
 * One attribute of the catalogue. The author of an attestor adds rows with `addAttributeRows`.
 *
 * @example
 * const row: AttributeRow = {
 *   name: 'badge.serial',
 *   origin: 'badge',
 *   side: 'agent',
 *   type: 'text',
 *   identity: true,
 *   surfaces: EVERYWHERE,
 *   alphabet: 'digits',
 *   description: 'Serial number of the badge',
 * }
 */
export interface AttributeRow {
  /** The documented name. A part that the workload or agent chooses is in angle brackets: `custom.<key>`. */
  readonly name: string
  /** The attestor (or built-in) that vouches for it. */
  readonly origin: string
  readonly side: Side
  /** A workload attestor may vouch for it too. A name that comes from both sides is refused in a mapping. */
  readonly alsoWorkload?: true
  /** `text` is a string. `int` is an integer in conditions, and a string in templates. */
  readonly type: 'text' | 'int'
  /** May have several values: an array of strings. */
  readonly many?: true
  /** May be absent although its origin has attested. */
  readonly optional?: true
  /** Part of the digest in a session's `sub`: identifies the agent, and stays the same when its evidence is renewed. */
  readonly identity?: true
  /** Who chooses its values, if it is not the one who vouches for it: such an attribute proves nothing, and using it is a warning. */
  readonly chosenBy?: string
  readonly surfaces: readonly Surface[]
  /** The form of its values. A value of another form is refused in a path. */
  readonly alphabet: AlphabetName
  /** The form of its key. Absent: any string. */
  readonly keyAlphabet?: AlphabetName
  readonly enabledBy?: Enabler
  /** Why the gateway never has it, although it is documented: a template that waits for it is a finding. */
  readonly neverPresent?: string
  /** The upstream server version that keys with `/` or `-` need. */
  readonly keyVersion?: string
  /** Other documented spellings of a name without a key. */
  readonly aliases?: readonly string[]
  readonly description: string
}

export const EVERYWHERE: readonly Surface[] = ['pathTemplate', 'jwtClaim', 'x509Subject', 'dnsName']
export const NOT_IN_PATHS: readonly Surface[] = ['jwtClaim', 'x509Subject', 'dnsName']

/** The fields that differ between the rows of one origin. */
export type RowFacts = Omit<AttributeRow, 'name' | 'origin' | 'side' | 'type' | 'surfaces'> &
  Partial<Pick<AttributeRow, 'type' | 'surfaces'>>

/**
 * Makes the rows of one origin. Defaults: `type: 'text'`, `surfaces: EVERYWHERE`.
 *
 * @param facts The rows by attribute name.
 * @example
 * makeRows('badge', 'agent', { 'badge.serial': { alphabet: 'digits', description: 'Serial number of the badge' } })
 */
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
