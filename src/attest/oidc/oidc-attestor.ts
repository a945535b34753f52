// Attestors whose evidence is a JWT of an OpenID Connect issuer. What they share (signature, times, issuer, audience,
// lifetime) is implemented once, here; a row adds what is specific to its tokens. With one implementation per method, a
// check is easily forgotten in one of them.
import * as v from 'valibot'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import type { AttributeRow } from '../../attribute/row.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { KeyOutlook } from '../../token/keys/key-source.ts'
import type { KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import { checkTimes, type ParsedToken, parseToken } from '../../token/parse.ts'
import { type Verification, verifySignature } from '../../token/verify.ts'
import type { AttestContext, EntryContext, Report } from '../attest-context.ts'
import type { Attestor, Reissue, Words } from '../attestor.ts'
import type { Check } from '../check.ts'
import type { Claimed } from '../claimed.ts'
import type { CompiledEntry, Prospect } from '../shapes.ts'
import { checkAudience, combineAudiences, refuseAudience } from './audiences.ts'
import { compileIssuers, listKeyAnchors, listSources, type OidcKeys } from './issuer-keys.ts'
import type { KeysConfig } from './key-anchor.ts'
import { checkToken, refuseIssuer, type TokenAdvice } from './token-checks.ts'
import { readClaimedOfToken } from './token-claimed.ts'
import { collectFacts, readFacts, recordFacts, type TokenFacts, type TokenPins } from './token-facts.ts'
import { explainSignature, explainTimes } from './verification-steps.ts'

interface OpenedToken<Own> {
  readonly token: ParsedToken
  readonly own: Own
}

export interface OidcShapes<Config, OwnPins, Own> {
  evidence: { readonly token: string }
  config: Config
  pins: TokenPins<OwnPins>
  anchor: OidcKeys
  opened: OpenedToken<Own>
  facts: TokenFacts<Own>
  request: never
  secret: never
}

/** The compiled form of an entry, without its keys, which {@link OidcDefinition.keys} describes. */
export interface OidcEntry<OwnPins> extends Pick<CompiledEntry, 'scoped' | 'unfixed' | 'proves'> {
  readonly pins: TokenPins<OwnPins>
}

/**
 * What is specific to one kind of token.
 *
 * `Config`: the entry of a policy. `Own`: what the row reads from the claims. `OwnPins`: what policies require of it, as
 * JSON data.
 */
export interface OidcDefinition<Config, OwnPins, Own> {
  readonly type: string
  readonly words: Words
  readonly configSchema: v.GenericSchema<unknown, Config>
  readonly configOptional?: boolean
  readonly attributeRows?: readonly AttributeRow[]
  readonly reissue?: Reissue
  /** The name of the token with an article, for explanations: `a bound service account token`. */
  readonly form: string
  /**
   * Selects the issuer and the source of its keys: discovery (OpenID Connect Discovery 1.0), a URL, or inline. A list:
   * several issuers, or several sources of one, which are tried in turn.
   */
  keys(config: Config): KeysConfig | readonly KeysConfig[]
  /** What only the row can say of its tokens. */
  readonly advice?: TokenAdvice
  /**
   * Compiles an entry. Reports every issue except those of {@link keys}; returns `undefined` if an error was reported.
   */
  compile(config: Config, context: EntryContext, report: Report): OidcEntry<OwnPins> | undefined
  /**
   * Reads the claims of the row and validates their form. Nothing is verified yet. Refuses with `claim_missing` and the
   * like.
   */
  read(token: ParsedToken): Checked<Own>
  /** Describes why a token cannot be parsed, if the row has a more precise refusal. */
  explainMalformed?(text: string): Refusal | undefined
  /** Describes the token in one line, for explanations. */
  describe(own: Own): string
  /** Checks the claims of the row against the pins of one policy, in a fixed order; see {@link Attestor.checks}. */
  checks(own: Own, pins: OwnPins): Iterable<Check>
  /** Lists the attributes that a verified token proves. */
  attributes(issuer: string, own: Own, pins: OwnPins | undefined): readonly Attribute[]
  /** Selects what a session keeps of the row's own claims, because {@link checks} needs it. Absent: the attributes do. */
  record?(own: Own, pins: OwnPins): Json
  /**
   * Reverses {@link attributes}, for sessions; `undefined` if the attributes are not those of such a token.
   *
   * @param recorded from {@link record}; absent if only the attributes are known
   */
  restore(
    attributes: Attributes,
    recorded: Json | undefined,
  ): { readonly issuer: string; readonly own: Own } | undefined
  /** Reads the row's own claims of an unverified token, as far as they can be read. Never throws. */
  readClaimed(claims: JsonObject): Claimed
}

/**
 * Creates a row of the table for tokens of OpenID Connect issuers (RFC 7519; OpenID Connect Core 1.0 section 3.1.3.7).
 *
 * @param definition what is specific to the tokens
 * @returns a row that verifies signature, times, issuer, audience and lifetime, and then the definition's own checks
 * @example
 * export const ciToken = oidcAttestor({
 *   type: 'ci_token',
 *   words: { evidence: 'a CI token', summary: 'A token of a CI job. It proves the repository.' },
 *   configSchema: v.strictObject({ issuerURL: v.string(), repository: v.string() }),
 *   form: 'a CI job token',
 *   keys: ({ issuerURL }) => ({ issuerURL }),
 *   compile: (config, { defaultAudiences }) => ({
 *     scoped: true,
 *     pins: {
 *       issuer: config.issuerURL,
 *       audiences: defaultAudiences,
 *       maxLifetimeSeconds: 3600,
 *       own: { repository: config.repository },
 *     },
 *   }),
 *   read: ({ claims }) => readRepository(claims),
 *   describe: ({ repository }) => repository,
 *   *checks(own, pins) {
 *     yield checkRepository(own.repository, pins.repository)
 *   },
 *   attributes: (issuer, { repository }) => [{ name: 'ci_token.repository', origin: 'ci_token', value: repository }],
 *   restore: () => undefined,
 *   readClaimed: () => ({}),
 * })
 */
export function oidcAttestor<Config, OwnPins, Own>(
  definition: OidcDefinition<Config, OwnPins, Own>,
): Attestor<OidcShapes<Config, OwnPins, Own>> {
  type Row = Attestor<OidcShapes<Config, OwnPins, Own>>
  const { type, words, configSchema, configOptional = false, attributeRows, reissue, advice } = definition

  const row: Row = {
    type,
    words,
    evidenceSchema: v.strictObject({ token: v.pipe(v.string(), v.nonEmpty()) }),
    configSchema,
    configOptional,
    ...(attributeRows === undefined ? {} : { attributeRows }),
    ...(reissue === undefined ? {} : { reissue }),

    compile(config, context, report) {
      const keys = [definition.keys(config)].flat()
      const ours = keys.find(({ issuerURL }) => issuerURL === context.issuerUrl)
      if (ours !== undefined) {
        const message = 'The gateway itself cannot be an issuer of evidence: set the issuer of the cluster'
        report({ code: 'issuer_forbidden', path: ours.path ?? ['issuerURL'], message })
      }
      const anchor = compileIssuers(keys, context, report)
      const entry = definition.compile(config, context, report)
      if (ours !== undefined || anchor === undefined || entry === undefined) return undefined
      const [issuer, ...others] = new Set(keys.map(({ issuerURL }) => issuerURL))
      return { ...(issuer === undefined || others.length > 0 ? {} : { selector: issuer }), anchor, ...entry }
    },

    open({ token: text }) {
      const token = parseToken(text)
      if (!token.ok) return refuse(definition.explainMalformed?.(text) ?? token.refusal)
      const own = definition.read(token.value)
      if (!own.ok) return own
      const { issuer, header, signingInput } = token.value
      const value = { token: token.value, own: own.value }
      return pass({
        selector: issuer,
        ...(header.kid === undefined ? {} : { name: header.kid }),
        digestible: signingInput,
        value,
      })
    },

    readBare: (token) => ({ token }),
    readClaimed: ({ token }) => readClaimedOfToken(token, (claims) => definition.readClaimed(claims)),
    refuseSelector: refuseIssuer,

    // Cheap checks first: a token that cannot pass must cost neither a key fetch nor a signature check.
    async verify({ token, own }, anchor, pins, context) {
      const timely = checkTimes(token, context.nowSeconds, context.skewSeconds)
      if (!timely.ok) return timely
      const accepted = combineAudiences(pins)
      if (!token.audiences.some((audience) => accepted.has(audience)))
        return refuse(refuseAudience(token.audiences, [...accepted], advice?.audience))
      const verified = await verifyByAny(token, anchor.value, pins, context)
      if (!verified.ok) return verified
      const { token: believed, anchor: anchorId } = verified.value
      return pass({ expiresAtSeconds: believed.expiresAtSeconds, facts: collectFacts(believed, own), anchorId })
    },

    prospect({ token }, { value }, { keys }) {
      const [source, ...others] = listSources(value, token.issuer)
      if (source === undefined) return 'settled'
      return others.length > 0 ? 'ready' : PROSPECTS[keys.look(source, token)]
    },

    async explainVerification({ token, own }, { value }, pins, context) {
      const verified = await verifyByAny(token, value, [pins], context)
      const [source] = listSources(value, token.issuer)
      const facts = collectFacts(token, own)
      const form = { name: 'form', expected: definition.form, actual: definition.describe(own), refusal: undefined }
      const [issuer] = checkToken(facts, pins, context, advice)
      const audience = checkAudience(facts, pins, context.defaultAudience, advice?.audience)
      const checks: readonly Check[] = [
        form,
        ...(issuer === undefined ? [] : [issuer]),
        explainTimes(token, context),
        ...(audience === undefined ? [] : [audience]),
        ...(source === undefined ? [] : explainSignature(token, source, verified)),
      ]
      return { checks, facts }
    },

    *checks(facts, pins, context) {
      yield* checkToken(facts, pins, context, advice)
      yield* definition.checks(facts.own, pins.own)
    },

    attributes: ({ issuer, own }, pins) => definition.attributes(issuer, own, pins?.own),

    tokenId: ({ issuer, jti }) => (jti === undefined ? undefined : { issuer, jti }),

    record: (facts, pins) => recordFacts(facts, pins, definition.record?.(facts.own, pins.own)),

    restore(attributes: Attributes, recorded: Json | undefined) {
      const kept = recorded === undefined ? NOTHING_RECORDED : readFacts(recorded)
      if (kept === undefined) return undefined
      const { own, ...token } = kept
      const restored = definition.restore(attributes, own)
      return restored && { selector: restored.issuer, facts: { ...restored, ...token } }
    },

    anchorIds: ({ value }) => listKeyAnchors(value),
  }
  return row
}

const NOTHING_RECORDED = { audiences: undefined, lifetimeSeconds: undefined, own: undefined }

const PROSPECTS: Readonly<Record<KeyOutlook, Prospect>> = {
  fits: 'ready',
  misses: 'unlikely',
  absent: 'absent',
  settled: 'settled',
}

/**
 * Verifies by the sources of the token's issuer, in the order of the document, until one has signed it. A token of an
 * issuer that the entry does not name costs neither a fetch nor a signature check.
 */
function verifyByAny(
  token: ParsedToken,
  keys: OidcKeys,
  pins: readonly TokenPins<unknown>[],
  { keys: sources }: AttestContext,
): Promise<Checked<Verification>> {
  const [first, ...others] = listSources(keys, token.issuer)
  if (first === undefined) {
    const issuers = new Set(pins.flatMap(({ issuer }) => issuer))
    return Promise.resolve(refuse(refuseIssuer(token.issuer, [...issuers])))
  }
  return others.length === 0 ? verifySignature(token, first, sources) : verifyInTurn(token, [first, ...others], sources)
}

async function verifyInTurn(
  token: ParsedToken,
  [first, ...others]: readonly [KeySourceSpec, ...KeySourceSpec[]],
  sources: AttestContext['keys'],
): Promise<Checked<Verification>> {
  let verified = await verifySignature(token, first, sources)
  for (const source of others) {
    if (verified.ok) break
    verified = await verifySignature(token, source, sources)
  }
  return verified
}
