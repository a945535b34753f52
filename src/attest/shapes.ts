// What passes between the gateway and a row: the types of a row, anchors, requirements, opened and verified evidence.
import type { Path } from '../core/issue.ts'
import type { FetchedSpec } from '../token/keys/key-source-spec.ts'
import type { Check } from './check.ts'
import type { HostFeature } from './host-features.ts'

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
   * The source of its keys, or the sources, if they are fetched. A document may have at most 16 such anchors per selector, and the
   * status of a section reports fetches that fail.
   */
  readonly fetchedFrom?: FetchedSpec | readonly FetchedSpec[]
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
  /** The optional attributes that evidence must have to pass the pins: only those can be revoked for certain. */
  readonly proves?: readonly string[]
  /** What not every host can do. On a host that cannot, the entry is never verified, and its section is UNHEALTHY. */
  readonly needs?: HostNeed
}

export interface HostNeed {
  readonly feature: HostFeature
  /** The field that needs it, relative to `config`. Absent: every entry of the type does. */
  readonly path?: Path
}

/** One required attestor of a policy. */
export interface Requirement<S extends Shapes = Shapes> extends CompiledEntry<S> {
  readonly type: string
  /** No row of the table has this type. The requirement never passes, so its policy never admits. */
  readonly unsupported?: true
  /** What the entry needs and this host cannot do. The requirement is refused as not available now. */
  readonly lacks?: HostFeature
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
