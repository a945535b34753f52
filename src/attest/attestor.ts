// What an attestor is: one value, one row of the table. The evaluator, the explanation, the lint, the tool and the audit
// know rows, anchors and checks, and no evidence format.
import type * as v from 'valibot'
import type { Attribute, Attributes } from '../attribute/attribute.ts'
import type { AttributeRow } from '../attribute/row.ts'
import type { Json } from '../core/json.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Checked } from '../core/result.ts'
import type { FetchedSpec } from '../token/keys/key-source-spec.ts'
import type { AttestContext, EntryContext, PinContext, Report } from './attest-context.ts'
import type { Check } from './check.ts'
import type { Claimed } from './claimed.ts'

/** The types of one row; it names them once. */
export interface Shapes {
  /** As the caller sends it, checked by `evidenceSchema`. */
  evidence: unknown
  /** As an author writes it, checked by `configSchema`. */
  config: unknown
  /** JSON data: all that one policy asks of facts. The order of a list in it decides nothing. */
  pins: unknown
  /** What verifies: where keys come from, a CA bundle, the name of a section. */
  anchor: unknown
  /** Evidence that is well-formed, and not yet believed. */
  opened: unknown
  /** What was verified. Of a recorded login some of it may be missing. */
  facts: unknown
  /** What an agent asks a challenge for. */
  request: unknown
  /** What a challenge seals, for `open`. JSON data. */
  secret: unknown
}

/** What verifies evidence. Evidence is verified at most once per anchor. */
export interface Anchor<T = unknown> {
  /** A digest of what verifies: equal ids verify alike. Never of the document that it stands in. */
  readonly id: string
  readonly value: T
  /**
   * Where its keys are fetched from, if they are: a document holds at most 16 such anchors for one selector, and the
   * status of a section warns of fetches that fail.
   */
  readonly fetchedFrom?: FetchedSpec
  /** The names by which evidence calls for it, such as the `kid`s of its keys, where they are in hand. */
  readonly names?: readonly string[]
}

/** What one entry of `requiredAttestors` compiles to. */
export interface CompiledEntry<S extends Shapes = Shapes> {
  /** Evidence of another selector is never tried against it. Absent: any evidence of the type. */
  readonly selector?: string
  readonly anchor: Anchor<S['anchor']>
  readonly pins: S['pins']
  /** Pins whose evidence it is, and not merely who issued it: by itself it admits nobody else of that issuer. */
  readonly scoped: boolean
  /** Where it is not scoped: the attributes that a condition has to fix so that the policy is. Absent: none can. */
  readonly unfixed?: readonly string[]
}

/** One required attestor of a policy. */
export interface Requirement<S extends Shapes = Shapes> extends CompiledEntry<S> {
  readonly type: string
  /** No row of the table knows its type: it never passes, and so its policy never admits. */
  readonly unsupported?: true
}

/** A challenge that came back: what was asked for, what was sealed, and what its proof must be over. */
export interface OpenedChallenge<S extends Shapes = Shapes> {
  readonly id: string
  readonly request: S['request']
  readonly secret: S['secret']
  /**
   * What an agent signs: `postern-login/1`, `ISSUER_URL`, the role, the cluster id and the challenge, a line each, in
   * UTF-8. A gateway that relays the challenge of another one cannot use the signature.
   */
  readonly message: string
}

export interface Opened<S extends Shapes = Shapes> {
  /** What policies choose the evidence by, such as the issuer. */
  readonly selector?: string
  /** The name by which the evidence calls for its anchor, such as its `kid`. */
  readonly name?: string
  /** What the digest of the audit record and the key of single use are made of: no second spelling of it passes. */
  readonly digestible: string
  readonly value: S['opened']
}

/** Evidence that an anchor verified. */
export interface Verified<S extends Shapes = Shapes> {
  /** Seconds since the epoch; no session outlives it. `Infinity`: the evidence has no end. */
  readonly expiresAtSeconds: number
  readonly facts: S['facts']
  /** Which part of the anchor verified it, where a session is to be bound to that part; see `anchorIds`. */
  readonly anchorId?: string
}

/** The facts of a recorded login, and the selector that its evidence had. */
export interface Restored<S extends Shapes = Shapes> {
  readonly selector?: string
  readonly facts: S['facts']
}

/**
 * What is known of an anchor without a fetch.
 * - `ready`: it can verify, or refuse, with what is in hand
 * - `unlikely`: what is in hand does not fit the evidence; only a newer version of it might, and asking is due
 * - `absent`: nothing is in hand, and asking is due
 * - `settled`: it refuses, and asks nobody
 */
export type Prospect = 'ready' | 'unlikely' | 'absent' | 'settled'

/** Verification step by step, for operators. `facts`: what the evidence would prove, whether it verified or not. */
export interface VerificationSteps<S extends Shapes = Shapes> {
  readonly checks: readonly Check[]
  readonly facts?: S['facts']
}

/** The sentences that only the row can say; the lint, the tool and the documents print them. */
export interface Words {
  /** What its evidence is called, with its article: `a service account token`. */
  readonly evidence: string
  /** One paragraph for docs/attestors.md: what it proves, and what it cannot see. */
  readonly summary: string
  /** What a policy of it alone lets in where no pin scopes it, and what to do: the lint `trust_unscoped`. */
  readonly unscoped?: { readonly admits: string; readonly next: string }
}

/**
 * One attestor: a value that conforms to this, in the table or in `createGateway({ attestors })`.
 *
 * Members are methods, not function properties: TypeScript compares methods bivariantly, so that a row of its own types is
 * an `Attestor` without a cast. A value that a row has made is only ever given back to the same row.
 *
 * @example
 * const badge: Attestor<BadgeShapes> = {
 *   type: 'badge', words: { evidence: 'a badge', summary: '...' },
 *   evidenceSchema, configSchema, configOptional: false,
 *   compile: ({ keys }) => ({ anchor: { id: computeDigest(keys), value: keys }, pins: {}, scoped: true }),
 *   ...
 * }
 */
export interface Attestor<S extends Shapes = Shapes> {
  readonly type: string
  readonly words: Words
  readonly evidenceSchema: v.GenericSchema<unknown, S['evidence']>
  /**
   * Made of the kinds of schema that documents are read by (`strictObject`, `array`, `string`, ...), without defaults and
   * transformations: `createGateway` throws a `RangeError` for any other. What an author left out, `compile` fills in.
   */
  readonly configSchema: v.GenericSchema<unknown, S['config']>
  readonly configOptional: boolean
  /** The attributes that it proves, where the catalogue does not have them: names of its own, in the form of the catalogue. */
  readonly attributeRows?: readonly AttributeRow[]

  /** Reports every issue, paths relative to `config`; yields `undefined` if one of them is an error. */
  compile(config: S['config'], context: EntryContext, report: Report): CompiledEntry<S> | undefined

  /** What an agent sends to ask for a challenge; without it a challenge takes no `request`. */
  readonly challengeSchema?: v.GenericSchema<unknown, S['request']>
  /** A round trip before the login: what is published, and what is sealed into the challenge for `open`. */
  challenge?(
    request: S['request'],
    context: AttestContext,
  ): Promise<Checked<{ readonly published: Readonly<Record<string, Json>>; readonly secret: S['secret'] }>>

  /** `challenge` is there if, and only if, the row has a `challenge`: evidence without one never comes here. */
  open(evidence: S['evidence'], challenge: OpenedChallenge<S> | undefined): Checked<Opened<S>>
  /** What the evidence says of itself, as far as it can be read, well-formed or not: for records of refused logins. */
  readClaimed(evidence: S['evidence']): Claimed
  /** The refusal of evidence whose selector no policy names; `expected` are those that policies name. */
  refuseSelector?(selector: string, expected: readonly string[]): Refusal

  /**
   * Once per anchor and evidence. `pins` are those of all requirements with this anchor, so that cheap checks come
   * before keys and signatures; the list is the same object each time, so that what follows from it can be kept.
   */
  verify(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: readonly S['pins'][],
    context: AttestContext,
  ): Promise<Checked<Verified<S>>>
  /** See {@link Prospect}. Absent: always `ready`. */
  prospect?(opened: S['opened'], anchor: Anchor<S['anchor']>, context: AttestContext): Prospect
  /** For operators. Absent: the verdict of `verify` is all there is to show. */
  explainVerification?(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: S['pins'],
    context: AttestContext,
  ): Promise<VerificationSteps<S>>

  /** The pins of one policy, in order. A login ends at the first refusal; an explanation shows them all. */
  checks(facts: S['facts'], pins: S['pins'], context: PinContext): Iterable<Check>
  attributes(facts: S['facts']): readonly Attribute[]

  /** What a session keeps besides the attributes, so that `checks` can be made again. Absent: nothing. */
  record?(facts: S['facts'], pins: S['pins']): Json
  /**
   * The facts of a recorded login; `recorded` is absent where only its attributes are known. A fact that is not there
   * makes a check unknown, never passed. `undefined`: these are not of such evidence. Absent: no session of this row
   * outlives a change of what its policy asks.
   */
  restore?(attributes: Attributes, recorded: Json | undefined): Restored<S> | undefined
  /** Every id by which {@link Verified.anchorId} may name this anchor. Absent: its own id. */
  anchorIds?(anchor: Anchor<S['anchor']>): Promise<readonly string[]>

  /**
   * Asks somebody else, when all other attestors and the conditions of the policy have passed, with what they proved. It
   * verifies nothing: a row with it is never asked to `verify`. What it answers are attributes of its own origin.
   */
  callOut?(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: S['pins'],
    proved: Attributes,
    context: AttestContext,
  ): Promise<Checked<readonly Attribute[]>>
}
