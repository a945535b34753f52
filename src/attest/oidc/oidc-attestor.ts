// Every attestor whose evidence is a JWT of an OpenID Connect issuer: what they share is written once, here, and a row is
// what its issuer's tokens say besides. Peers that wrote it once per method forgot a check in one of them.
import * as v from 'valibot'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import type { AttributeRow } from '../../attribute/row.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import { anchorsOf } from '../../token/keys/anchor.ts'
import type { KeyOutlook } from '../../token/keys/key-source.ts'
import type { KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import { checkTimes, type ParsedToken, parseToken } from '../../token/parse.ts'
import { verifySignature } from '../../token/verify.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { Attestor, CompiledEntry, Prospect, Words } from '../attestor.ts'
import type { Check } from '../check.ts'
import type { Claimed } from '../claimed.ts'
import { checkAudience, combineAudiences, refuseAudience } from './audiences.ts'
import { compileKeys, type KeysConfig } from './key-anchor.ts'
import { checkToken, refuseIssuer } from './token-checks.ts'
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
  anchor: KeySourceSpec
  opened: OpenedToken<Own>
  facts: TokenFacts<Own>
  request: never
  secret: never
}

/** What an entry of the row compiles to, without its keys. */
export interface OidcEntry<OwnPins> extends Pick<CompiledEntry, 'scoped' | 'unfixed'> {
  readonly pins: TokenPins<OwnPins>
}

/** What one issuer's tokens say. `Own`: what is read of their claims; `OwnPins`: what policies ask of that. */
export interface OidcDefinition<Config, OwnPins, Own> {
  readonly type: string
  readonly words: Words
  readonly configSchema: v.GenericSchema<unknown, Config>
  readonly configOptional?: boolean
  readonly attributeRows?: readonly AttributeRow[]
  /** What its tokens are, for explanations: `a bound service account token`. */
  readonly form: string
  /** The issuer, and where its keys come from. */
  keys(config: Config): KeysConfig
  /** Reports every issue but those of {@link keys}; yields `undefined` if one of them is an error. */
  compile(config: Config, context: EntryContext, report: Report): OidcEntry<OwnPins> | undefined
  /** The claims of the row, checked for their form. Nothing is verified yet. */
  read(token: ParsedToken): Checked<Own>
  /** A better word for why a token cannot be read, if the row knows one. */
  explainMalformed?(text: string): Refusal | undefined
  /** The token in one line, for explanations. */
  describe(own: Own): string
  checks(own: Own, pins: OwnPins): Iterable<Check>
  attributes(issuer: string, own: Own): readonly Attribute[]
  /** {@link attributes} the other way round; `undefined` if these are not of such a token. */
  restore(attributes: Attributes): { readonly issuer: string; readonly own: Own } | undefined
  /** What the claims say of the row's own, as far as they can be read. */
  readClaimed(claims: JsonObject): Claimed
}

/** Makes a row of the table. See `k8s-token/` for one. */
export function oidcAttestor<Config, OwnPins, Own>(
  definition: OidcDefinition<Config, OwnPins, Own>,
): Attestor<OidcShapes<Config, OwnPins, Own>> {
  type Row = Attestor<OidcShapes<Config, OwnPins, Own>>
  const { type, words, configSchema, configOptional = false, attributeRows } = definition

  const row: Row = {
    type,
    words,
    evidenceSchema: v.strictObject({ token: v.pipe(v.string(), v.nonEmpty()) }),
    configSchema,
    configOptional,
    ...(attributeRows === undefined ? {} : { attributeRows }),

    compile(config, context, report) {
      const keys = definition.keys(config)
      const isOurs = keys.issuerURL === context.issuerUrl
      if (isOurs) {
        const message = 'The gateway itself cannot be an issuer of evidence: set the issuer of the cluster'
        report({ code: 'issuer_forbidden', path: ['issuerURL'], message })
      }
      const anchor = compileKeys(keys, context, report)
      const entry = definition.compile(config, context, report)
      return isOurs || anchor === undefined || entry === undefined
        ? undefined
        : { selector: keys.issuerURL, anchor, ...entry }
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

    readClaimed: ({ token }) => readClaimedOfToken(token, (claims) => definition.readClaimed(claims)),
    refuseSelector: refuseIssuer,

    // Cheap checks first: a token that cannot pass costs neither a key fetch nor a signature.
    async verify({ token, own }, anchor, pins, context) {
      const timely = checkTimes(token, context.nowSeconds, context.skewSeconds)
      if (!timely.ok) return timely
      const accepted = combineAudiences(pins)
      if (!token.audiences.some((audience) => accepted.has(audience)))
        return refuse(refuseAudience(token.audiences, [...accepted]))
      const verified = await verifySignature(token, anchor.value, context.keys)
      if (!verified.ok) return verified
      const { token: believed, anchor: anchorId } = verified.value
      return pass({ expiresAtSeconds: believed.expiresAtSeconds, facts: collectFacts(believed, own), anchorId })
    },

    prospect: ({ token }, { value }, { keys }) => PROSPECTS[keys.look(value, token)],

    async explainVerification({ token, own }, { value: source }, pins, context) {
      const verified = await verifySignature(token, source, context.keys)
      const facts = collectFacts(token, own)
      const form = { name: 'form', expected: definition.form, actual: definition.describe(own), refusal: undefined }
      const issuer = { name: 'issuer', expected: pins.issuer, actual: token.issuer, refusal: undefined }
      const audience = checkAudience(facts, pins, context.defaultAudience)
      const checks: readonly Check[] = [
        form,
        issuer,
        explainTimes(token, context),
        ...(audience === undefined ? [] : [audience]),
        ...explainSignature(token, source, verified),
      ]
      return { checks, facts }
    },

    *checks(facts, pins, context) {
      yield* checkToken(facts, pins, context)
      yield* definition.checks(facts.own, pins.own)
    },

    attributes: ({ issuer, own }) => definition.attributes(issuer, own),

    record: recordFacts,

    restore(attributes: Attributes, recorded: Json | undefined) {
      const restored = definition.restore(attributes)
      if (restored === undefined) return undefined
      const kept = recorded === undefined ? NOTHING_RECORDED : readFacts(recorded)
      return kept && { selector: restored.issuer, facts: { ...restored, ...kept } }
    },

    anchorIds: ({ value }) => anchorsOf(value),
  }
  return row
}

const NOTHING_RECORDED = { audiences: undefined, lifetimeSeconds: undefined }

const PROSPECTS: Readonly<Record<KeyOutlook, Prospect>> = {
  fits: 'ready',
  misses: 'unlikely',
  absent: 'absent',
  settled: 'settled',
}
