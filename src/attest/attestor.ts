// The interface of an attestor: one value, one row of the table. The evaluator, the explanation, the lints, the tool and
// the audit work with rows, anchors and checks, and know no evidence format.
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

/** The types of one row, declared once. The row creates their values and gets them back; no other row does. */
export interface Shapes {
  /** The evidence as the caller sends it, validated by `evidenceSchema`. */
  evidence: unknown
  /** The entry of a policy as its author writes it, validated by `configSchema`. */
  config: unknown
  /** Everything that one policy requires of the facts, as JSON data. The order of its arrays has no meaning. */
  pins: unknown
  /** What verifies the evidence: a source of keys, a CA bundle, the name of a section. */
  anchor: unknown
  /** Well-formed evidence, not verified yet. */
  opened: unknown
  /** What the evidence proves after verification. Facts restored from a session may be incomplete. */
  facts: unknown
  /** What an agent sends to request a challenge. */
  request: unknown
  /** JSON data that is sealed into a challenge and passed to `open`. */
  secret: unknown
}

/** What verifies evidence. Each piece of evidence is verified at most once per anchor. */
export interface Anchor<T = unknown> {
  /** A digest of the verifying material. Equal ids verify the same evidence, in whatever document they occur. */
  readonly id: string
  readonly value: T
  /**
   * The source of its keys, if they are fetched. A document may have at most 16 such anchors per selector, and the
   * status of a section reports fetches that fail.
   */
  readonly fetchedFrom?: FetchedSpec
  /**
   * The names by which evidence refers to this anchor, such as the `kid`s of its keys. Absent: not known without a
   * fetch.
   */
  readonly names?: readonly string[]
}

/** The compiled form of one entry of `requiredAttestors`. */
export interface CompiledEntry<S extends Shapes = Shapes> {
  /** Only evidence with this selector is tried against the entry. Absent: any evidence of the type. */
  readonly selector?: string
  readonly anchor: Anchor<S['anchor']>
  readonly pins: S['pins']
  /** True if the pins name the workload and not only its issuer, so that other workloads of that issuer are refused. */
  readonly scoped: boolean
  /** If not scoped: the attributes that a condition must fix to scope the policy. Absent: no condition can. */
  readonly unfixed?: readonly string[]
}

/** One required attestor of a policy. */
export interface Requirement<S extends Shapes = Shapes> extends CompiledEntry<S> {
  readonly type: string
  /** No row of the table has this type. The requirement never passes, so its policy never admits. */
  readonly unsupported?: true
}

/** A challenge that was sent back, with its seal verified. */
export interface OpenedChallenge<S extends Shapes = Shapes> {
  readonly id: string
  readonly request: S['request']
  readonly secret: S['secret']
  /**
   * The string that the agent signs: `postern-login/1`, `ISSUER_URL`, the role, the cluster id and the challenge, one
   * line each, in UTF-8. It names this gateway, so another gateway that relays the challenge cannot use the signature.
   */
  readonly message: string
}

/** Well-formed evidence: what policies are selected by, and the parsed value. Nothing in it is verified. */
export interface Opened<S extends Shapes = Shapes> {
  /** What policies are selected by, such as the issuer. */
  readonly selector?: string
  /** The name by which the evidence refers to its anchor, such as its `kid`. */
  readonly name?: string
  /** The input of the audit digest and the single-use key. A second spelling of the same evidence must not differ in it. */
  readonly digestible: string
  /** Passed to `verify` and the other methods of the row. */
  readonly value: S['opened']
}

/** Evidence that an anchor has verified. */
export interface Verified<S extends Shapes = Shapes> {
  /** Seconds since 1970. No session outlives it. `Infinity`: the evidence does not expire. */
  readonly expiresAtSeconds: number
  readonly facts: S['facts']
  /**
   * The part of the anchor that verified it, if a session is to be bound to that part; see {@link Attestor.anchorIds}.
   */
  readonly anchorId?: string
}

/** Facts restored from a session, and the selector that the evidence had. */
export interface Restored<S extends Shapes = Shapes> {
  readonly selector?: string
  readonly facts: S['facts']
}

/**
 * How an anchor would verify evidence, as far as it is known without a fetch.
 * - `ready`: the cached material verifies or refuses it
 * - `unlikely`: the cached material does not match, only a newer version could, and a fetch is due
 * - `absent`: nothing is cached, and a fetch is due
 * - `settled`: it refuses without a fetch
 */
export type Prospect = 'ready' | 'unlikely' | 'absent' | 'settled'

/** Verification step by step, for operators. `facts`: what the evidence claims to prove, verified or not. */
export interface VerificationSteps<S extends Shapes = Shapes> {
  readonly checks: readonly Check[]
  readonly facts?: S['facts']
}

/** Sentences of the row that lints, the tool and docs/attestors.md print. */
export interface Words {
  /** The name of its evidence with an article: `a service account token`. */
  readonly evidence: string
  /** One paragraph for docs/attestors.md: what the evidence proves, and what it cannot prove. */
  readonly summary: string
  /**
   * For the lint `trust_unscoped`: what a policy without scoping pins admits, and the next step. Absent: no such lint.
   */
  readonly unscoped?: { readonly admits: string; readonly next: string }
}

/**
 * One attestor: a row of the table `ATTESTORS`, or an element of `createGateway({ attestors })`.
 *
 * A login calls `open` once per piece of evidence, `verify` once per anchor, and `checks` for each policy. A method that
 * returns `Checked` refuses by returning a refusal, and throws only for a fault of the program (answered with 500).
 *
 * Members are methods, which TypeScript compares bivariantly: a row with its own types is an `Attestor` without a cast.
 *
 * @example
 * const badge: Attestor<BadgeShapes> = {
 *   type: 'badge',
 *   words: { evidence: 'a badge', summary: 'A signed badge. It proves its holder and department.' },
 *   evidenceSchema: v.strictObject({ badge: v.string() }),
 *   configSchema: v.strictObject({ publicKey: v.string(), department: v.optional(v.string()) }),
 *   configOptional: false,
 *   compile: ({ publicKey, department }) => ({
 *     anchor: { id: digestText(publicKey), value: publicKey },
 *     pins: { department },
 *     scoped: department !== undefined,
 *   }),
 *   open: ({ badge }) => openBadge(badge),
 *   readClaimed: () => ({}),
 *   verify: async (opened, anchor, pins, { nowSeconds }) => verifyBadge(opened, anchor.value, nowSeconds),
 *   *checks(facts, pins) {
 *     yield checkDepartment(facts.department, pins.department)
 *   },
 *   attributes: ({ holder }) => [{ name: 'badge.holder', origin: 'badge', value: holder }],
 * }
 * createGateway({ attestors: [...ATTESTORS, badge], ... })
 */
export interface Attestor<S extends Shapes = Shapes> {
  /** The name of the type in documents and evidence; it must match `ATTESTOR_TYPE`. */
  readonly type: string
  readonly words: Words
  readonly evidenceSchema: v.GenericSchema<unknown, S['evidence']>
  /**
   * Made of the kinds of schema that documents are read by (`strictObject`, `array`, `string`, ...), without defaults and
   * transformations: `createGateway` throws a `RangeError` for any other. What an author left out, `compile` fills in.
   */
  readonly configSchema: v.GenericSchema<unknown, S['config']>
  /** Whether an entry of a policy may omit the configuration. */
  readonly configOptional: boolean
  /** The attributes that the row adds to the catalogue, with `origin` equal to `type` and `side: 'agent'`. */
  readonly attributeRows?: readonly AttributeRow[]

  /**
   * Compiles one entry of `requiredAttestors`. Pure: no clock, no network.
   *
   * @param config validated by `configSchema`
   * @param context the settings of the gateway and the scope of the document
   * @param report takes every issue, warnings included; paths are relative to `config`
   * @returns `undefined` if an error was reported
   */
  compile(config: S['config'], context: EntryContext, report: Report): CompiledEntry<S> | undefined

  /** Validates the `request` of a challenge. Absent: a challenge takes no `request`. */
  readonly challengeSchema?: v.GenericSchema<unknown, S['request']>
  /**
   * Creates a challenge before the login. Its presence makes the challenge mandatory for evidence of this type.
   *
   * @param request what the agent sent, validated by `challengeSchema`
   * @returns `published`: members of the answer, readable by anyone; `secret`: sealed into the challenge for `open`; or a
   *   refusal
   */
  challenge?(
    request: S['request'],
    context: AttestContext,
  ): Promise<Checked<{ readonly published: Readonly<Record<string, Json>>; readonly secret: S['secret'] }>>

  /**
   * Parses evidence. Verifies nothing, and does no I/O.
   *
   * @param evidence validated by `evidenceSchema`
   * @param challenge present if and only if the row has a method `challenge`
   * @returns the parsed evidence, or a refusal that describes the caller's own evidence
   */
  open(evidence: S['evidence'], challenge: OpenedChallenge<S> | undefined): Checked<Opened<S>>
  /**
   * Reads what the evidence claims, for audit records of refused logins. Nothing is verified, so no decision uses it.
   * Never throws, and omits what cannot be read.
   *
   * @param evidence validated by `evidenceSchema`, not necessarily well-formed
   */
  readClaimed(evidence: S['evidence']): Claimed
  /**
   * Describes the refusal of evidence whose selector no policy names. Absent: a general sentence.
   *
   * @param selector that of the evidence
   * @param expected the selectors that policies name; for `audit` only, never for `detail`, which the caller reads
   */
  refuseSelector?(selector: string, expected: readonly string[]): Refusal

  /**
   * Verifies evidence, once per anchor. Cheap checks come before keys and signatures: a token that cannot pass must cost
   * neither a fetch nor a signature.
   *
   * @param opened from `open`
   * @param anchor the verifying material
   * @param pins those of all requirements with this anchor. The same array object for every login, so that results
   *   derived from it can be kept in a `WeakMap`
   * @param context clock, keys and network of the request
   * @returns facts and expiry, or a refusal. A refusal that means "not available now" leads to 503
   */
  verify(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: readonly S['pins'][],
    context: AttestContext,
  ): Promise<Checked<Verified<S>>>
  /** Predicts the verification without a fetch, so that a login fetches for likely anchors only. Absent: `ready`. */
  prospect?(opened: S['opened'], anchor: Anchor<S['anchor']>, context: AttestContext): Prospect
  /**
   * Verifies step by step for the explanation of a login, and shows every check. Absent: the result of `verify` is
   * shown.
   */
  explainVerification?(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: S['pins'],
    context: AttestContext,
  ): Promise<VerificationSteps<S>>

  /**
   * Checks facts against the pins of one policy, in a fixed order. A login stops at the first refusal, an explanation
   * shows all checks, and so does the recheck of a session.
   *
   * @param facts from `verify`, or from `restore` and then possibly incomplete: a missing fact makes a check `unknown`
   * @param pins from `compile`
   */
  checks(facts: S['facts'], pins: S['pins'], context: PinContext): Iterable<Check>
  /** Lists the attributes that the facts prove, for conditions, sessions and templates. */
  attributes(facts: S['facts']): readonly Attribute[]

  /** Selects the facts that a session keeps in addition to the attributes, for a later `restore`. Absent: nothing. */
  record?(facts: S['facts'], pins: S['pins']): Json
  /**
   * Restores facts from a session, so that `checks` can run again after its policy has changed. Absent: a session ends
   * when its policy changes.
   *
   * @param attributes those of the session
   * @param recorded from `record`; absent if only the attributes are known
   * @returns `undefined` if the session was not created from evidence of this row
   */
  restore?(attributes: Attributes, recorded: Json | undefined): Restored<S> | undefined
  /** Lists every value that {@link Verified.anchorId} may have for this anchor. Absent: the id of the anchor. */
  anchorIds?(anchor: Anchor<S['anchor']>): Promise<readonly string[]>

  /**
   * Asks an external service, after all other attestors and the conditions of the policy have passed. A row with this
   * method is never called to `verify`, and cannot be the only attestor of a policy.
   *
   * @param proved the attributes that the other attestors of the policy proved
   * @returns attributes whose `origin` is the type of this row, or a refusal. An attribute of another origin, or one that
   *   is already proved, is an error of the program: the service could otherwise claim any node or namespace
   */
  callOut?(
    opened: S['opened'],
    anchor: Anchor<S['anchor']>,
    pins: S['pins'],
    proved: Attributes,
    context: AttestContext,
  ): Promise<Checked<readonly Attribute[]>>
}
