// What an attestor is: one row of the table, one file. A row knows its evidence, its configuration, how to verify and
// what the result proves; the evaluator in policy/ knows none of that.
import type * as v from 'valibot'
import type { Attribute, Attributes } from '../attribute/attribute.ts'
import type { Issue } from '../core/issue.ts'
import type { Json } from '../core/json.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Checked } from '../core/result.ts'
import type { UrlPolicy } from '../net/url-policy.ts'
import type { KeySources } from '../token/keys/key-source.ts'
import type { KeySourceSpec } from '../token/keys/key-source-spec.ts'
import type { Explained } from './check.ts'
import type { Claimed } from './claimed.ts'

/** What compiling a document needs to know besides its text. The same for all documents of one gateway and scope. */
export interface CompileContext {
  /** `clusters/<id>` or `trust-domain`: whose keys inline key sets are. */
  readonly scope: string
  /** Digest of the document, so that inline key sets of two versions are two sources. */
  readonly documentDigest: string
  /** `ISSUER_URL`: a policy must not accept the gateway's own sessions as evidence. */
  readonly issuerUrl: string
  readonly urlPolicy: UrlPolicy
  /** In the trust domain, where an issuer logs in, a bearer token must be pinned exactly: an issue, not a lint. */
  readonly exactPins: boolean
}

/** Reports an issue; the path is relative to the attestor's `config`. */
export type Report = (issue: Issue) => void

/** One required attestor of a policy, compiled: what evidence must fulfil. */
export interface Requirement {
  readonly type: string
  /** Which evidence this can match, e.g. the issuer. Candidates are found by it, so cost does not grow with policies. */
  readonly selector: string
  /** Pins whose evidence it is, and not merely who issued it: by itself it admits no one else of that issuer. */
  readonly scoped: boolean
  /** Where it is not scoped: the attributes which a condition has to fix so that the policy is. Absent: none can. */
  readonly unfixed?: readonly string[]
  /** Where its keys come from. Within one document, one selector has one source. */
  readonly keySource?: KeySourceSpec
  /** No row of the table knows its type: it never passes, and so its policy never admits. */
  readonly unsupported?: true
  /** The row's own compiled configuration; only the row of this `type` reads it. */
  readonly detail: unknown
}

/** What pins mean besides what the document says. The same for all documents of one gateway. */
export interface PinContext {
  /** `AUDIENCE`: what a token must be meant for unless its policy says otherwise. */
  readonly defaultAudience: string
}

/** What a session recorded of one piece of evidence: what it proved, and what else its checks were made on. */
export interface RecordedEvidence {
  readonly attributes: Attributes
  /** As {@link VerifiedEvidence.facts} yielded them; signed by this gateway, but perhaps by another version of it. */
  readonly facts: Json
}

/** What reading and verifying evidence needs. Everything that the host owns is handed in. */
export interface VerifyContext extends PinContext {
  readonly nowSeconds: number
  readonly skewSeconds: number
  readonly keySources: KeySources
  readonly background: (work: Promise<unknown>) => void
}

/** Evidence that is well-formed, and not yet believed. */
export interface OpenedEvidence {
  readonly type: string
  readonly selector: string
  /** SHA-256 (base64url) of the decoded signing input, for the audit record. */
  readonly digest: () => Promise<string>
  /**
   * Verifies once, for all requirements that could use it: cheap checks, then keys, then the signature. What follows from
   * a list is noted by its identity: it must not change.
   */
  readonly verify: (requirements: readonly Requirement[]) => Promise<Checked<VerifiedEvidence>>
  /**
   * For operators: every check of each requirement, made by the functions that decide. `requirement` is any one that
   * this evidence fits. Nothing that it yields is verified, so no decision may rest on it.
   */
  readonly explain?: (requirement: Requirement) => Promise<(requirement: Requirement) => Explained>
}

/** What the attributes of a recorded login tell of its evidence: for dry runs, never for a login. */
export interface RecalledEvidence {
  readonly selector: string
  readonly explain: (requirement: Requirement) => Explained
}

/** Evidence whose signature, issuer, audience and times hold. */
export interface VerifiedEvidence {
  readonly expiresAtSeconds: number
  /** The id of what verified it, for the session; see {@link Requirement.keySource}. */
  readonly anchor: string
  /** What the checks of one requirement need besides the attributes, for the session. Ask only once it was accepted. */
  readonly facts: (requirement: Requirement) => Json
  /** What this evidence proves, whatever a policy says to it: for the audit record. */
  readonly attributes: () => readonly Attribute[]
  /** The pins of one requirement. On success, the attributes that this evidence proves. */
  readonly accept: (requirement: Requirement) => Checked<readonly Attribute[]>
}

/** One row of the table of attestors. */
export interface Attestor {
  readonly type: string
  readonly evidenceSchema: v.GenericSchema
  readonly configSchema: v.GenericSchema
  readonly configOptional: boolean
  /** `config` has passed `configSchema`. Reports every issue, and yields a requirement unless one is an error. */
  readonly compile: (config: unknown, context: CompileContext, report: Report) => Requirement | undefined
  /** `evidence` has passed `evidenceSchema`. */
  readonly open: (evidence: unknown, context: VerifyContext) => Checked<OpenedEvidence>
  /** What the evidence claims, as far as it can be read, verified or not. `evidence` has passed `evidenceSchema`. */
  readonly readClaimed: (evidence: unknown) => Claimed
  /** The refusal of evidence whose selector no policy asks for; `expected` are those that policies ask for. */
  readonly refuseSelector: (selector: string, expected: readonly string[]) => Refusal
  readonly recall?: (attributes: Attributes) => RecalledEvidence | undefined
  /** All that a requirement asks of facts, in one canonical form: equal for requirements that accept alike. */
  readonly describePins: (requirement: Requirement, context: PinContext) => Json
  /** The pins of one requirement again, on a record. What the record does not hold is refused, never passed. */
  readonly recheck: (recorded: RecordedEvidence, requirement: Requirement, context: PinContext) => Refusal | undefined
}

/** An attestor with its own types; {@link defineAttestor} makes a row of it. */
export interface AttestorDefinition<
  Evidence,
  Config,
  Detail,
  Opened extends { readonly selector: string },
  Verified,
  Asked = unknown,
> {
  readonly type: string
  readonly evidenceSchema: v.GenericSchema<unknown, Evidence>
  readonly configSchema: v.GenericSchema<unknown, Config>
  readonly configOptional: boolean
  readonly compile: (
    config: Config,
    context: CompileContext,
    report: Report,
  ) => (Omit<Requirement, 'type' | 'detail'> & { readonly detail: Detail }) | undefined
  readonly open: (evidence: Evidence, context: VerifyContext) => Checked<Opened>
  readonly digest: (opened: Opened) => Promise<string>
  /** What all requirements of one list ask together, for `verify`: found once for each list, not for each login. */
  readonly combine: (requirements: readonly Detail[]) => Asked
  readonly readClaimed: (evidence: Evidence) => Claimed
  readonly refuseSelector: (selector: string, expected: readonly string[]) => Refusal
  readonly verify: (
    opened: Opened,
    asked: Asked,
    keySource: KeySourceSpec | undefined,
    context: VerifyContext,
  ) => Promise<Checked<Verified>>
  readonly expiresAtSeconds: (verified: Verified) => number
  readonly anchor: (verified: Verified) => string
  readonly facts: (verified: Verified, detail: Detail, context: PinContext) => Json
  readonly attributes: (verified: Verified) => readonly Attribute[]
  readonly accept: (verified: Verified, detail: Detail, context: VerifyContext) => Checked<readonly Attribute[]>
  /** See {@link OpenedEvidence.explain}. Without it the verdicts of `verify` and `accept` are what there is to tell. */
  readonly explain?: (
    opened: Opened,
    keySource: KeySourceSpec | undefined,
    context: VerifyContext,
  ) => Promise<(detail: Detail) => Explained>
  /** See {@link RecalledEvidence}. `undefined` if the attributes are not of such evidence. */
  readonly recall?: (
    attributes: Attributes,
  ) => { readonly selector: string; readonly explain: (detail: Detail) => Explained } | undefined
  readonly describePins: (detail: Detail, context: PinContext) => Json
  readonly recheck: (recorded: RecordedEvidence, detail: Detail, context: PinContext) => Refusal | undefined
}

/** Closes a definition over its own types. The two casts stand where the schema or the row's `type` has just spoken. */
export function defineAttestor<
  Evidence,
  Config,
  Detail,
  Opened extends { readonly selector: string },
  Verified,
  Asked = unknown,
>(definition: AttestorDefinition<Evidence, Config, Detail, Opened, Verified, Asked>): Attestor {
  const { type, explain, recall } = definition
  const combined = new WeakMap<readonly Requirement[], { readonly asked: Asked }>()

  function detailOf(requirement: Requirement): Detail {
    if (requirement.type !== type) throw new Error(`a requirement of ${requirement.type} reached ${type}`)
    return requirement.detail as Detail
  }

  function combine(requirements: readonly Requirement[]): Asked {
    const known = combined.get(requirements)
    if (known !== undefined) return known.asked
    const asked = definition.combine(requirements.map(detailOf))
    combined.set(requirements, { asked })
    return asked
  }

  return {
    type,
    evidenceSchema: definition.evidenceSchema,
    configSchema: definition.configSchema,
    configOptional: definition.configOptional,
    readClaimed: (evidence) => definition.readClaimed(evidence as Evidence),
    refuseSelector: definition.refuseSelector,
    describePins: (requirement, context) => definition.describePins(detailOf(requirement), context),
    recheck: (recorded, requirement, context) => definition.recheck(recorded, detailOf(requirement), context),
    compile(config, context, report) {
      const compiled = definition.compile(config as Config, context, report)
      return compiled === undefined ? undefined : { type, ...compiled }
    },
    open(evidence, context) {
      const opened = definition.open(evidence as Evidence, context)
      if (!opened.ok) return opened
      const value: OpenedEvidence = {
        type,
        selector: opened.value.selector,
        digest: () => definition.digest(opened.value),
        async verify(requirements) {
          const keySource = requirements[0]?.keySource
          const verified = await definition.verify(opened.value, combine(requirements), keySource, context)
          if (!verified.ok) return verified
          return {
            ok: true,
            value: {
              expiresAtSeconds: definition.expiresAtSeconds(verified.value),
              anchor: definition.anchor(verified.value),
              facts: (requirement) => definition.facts(verified.value, detailOf(requirement), context),
              attributes: () => definition.attributes(verified.value),
              accept: (requirement) => definition.accept(verified.value, detailOf(requirement), context),
            },
          }
        },
        ...(explain === undefined
          ? {}
          : {
              async explain({ keySource }) {
                const explained = await explain(opened.value, keySource, context)
                return (requirement) => explained(detailOf(requirement))
              },
            }),
      }
      return { ok: true, value }
    },
    ...(recall === undefined
      ? {}
      : {
          recall(attributes) {
            const recalled = recall(attributes)
            return recalled && { ...recalled, explain: (requirement) => recalled.explain(detailOf(requirement)) }
          },
        }),
  }
}
