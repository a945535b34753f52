// The interface of an attestor: one value, one row of the table. The evaluator, the explanation, the lints, the tool and
// the audit work with rows, anchors and checks, and know no evidence format.
import type * as v from 'valibot'
import type { Attribute, Attributes } from '../attribute/attribute.ts'
import type { AttributeRow } from '../attribute/row.ts'
import type { Json } from '../core/json.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Checked } from '../core/result.ts'
import type { TokenId } from '../token/session/session-claims.ts'
import type { AttestContext, CallOutContext, EntryContext, PinContext, Report } from './attest-context.ts'
import type { Check } from './check.ts'
import type { Claimed } from './claimed.ts'
import type {
  Anchor,
  CompiledEntry,
  Opened,
  OpenedChallenge,
  Prospect,
  Restored,
  Shapes,
  VerificationSteps,
  Verified,
} from './shapes.ts'

/** Sentences of the row that lints, the tool and docs/attestors/<type>.md print. */
export interface Reissue {
  /**
   * - `never`: the same evidence at each request, for as long as the machine lives: `singleUse` is an error
   * - `cached`: the same evidence for some time: `singleUse` is a warning
   */
  readonly how: 'never' | 'cached'
  /** A clause: what gives out the same evidence, and for how long. */
  readonly words: string
  /** How an agent gets fresh evidence for each login; for `cached`. */
  readonly fresh?: string
}

export interface Words {
  /** The name of its evidence with an article: `a service account token`. */
  readonly evidence: string
  /** One paragraph for docs/attestors/<type>.md, with one sentence that begins with "It proves": what the evidence proves, and what it cannot prove. */
  readonly summary: string
  /**
   * For the lint `trust_unscoped`: what a policy without scoping pins admits, and the next step. Absent: no such lint.
   */
  readonly unscoped?: {
    readonly admits: string
    readonly next: string
    readonly code?: 'trust_unscoped' | 'trust_replayable'
  }
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
  /** How its platform gives out the same evidence again. Absent: evidence is made anew for each request, or an author knows. */
  readonly reissue?: Reissue

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
   * @param id the id of the challenge, which `open` gets again
   * @returns `published`: members of the answer, readable by anyone; `secret`: sealed into the challenge for `open`; or a
   *   refusal
   */
  challenge?(
    request: S['request'],
    context: AttestContext,
    id: string,
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
   * Takes a bare string for evidence, such as a token in a file: for `postern explain`. Absent: the tool needs the body of
   * a login.
   */
  readBare?(text: string): S['evidence']
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
  /**
   * Lists the attributes that the facts prove, for conditions, sessions and templates.
   *
   * @param pins those of the policy, which may choose what becomes an attribute; absent where no policy has been chosen
   */
  attributes(facts: S['facts'], pins: S['pins'] | undefined): readonly Attribute[]

  /** Names the token that proved the facts, if it has an id, for lists of revoked tokens. Absent: evidence has no id. */
  tokenId?(facts: S['facts']): TokenId | undefined

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
    context: CallOutContext,
  ): Promise<Checked<readonly Attribute[]>>
}
