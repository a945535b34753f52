// What an author may write for `custom_jwt`. `oidcURI`, `jwksURI`, `issuer` and `attributeClaims` are documented; the names
// of the other fields are cut off in the public documentation, so these are ours, and upstream's may differ.
import * as v from 'valibot'
import { makeAttributeName } from '../../attribute/catalogue.ts'
import type { IssueCode, Path } from '../../core/issue.ts'
import { CLAIM_VALUES_MAX, PEM_KEYS_MAX, PEM_MAX_LENGTH, TOKEN_LIFETIME_DEFAULT_SECONDS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { readPemKey } from '../../token/keys/pem-key.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { defineTexts, defineUrl, lintAudiences, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { KeysConfig } from '../oidc/key-anchor.ts'
import type { OidcEntry } from '../oidc/oidc-attestor.ts'

export type ClaimScalar = string | number | boolean

export interface CustomPins {
  /** By claim: its accepted values, any one of them. Of a claim that is a list, any element may be one. */
  readonly requiredClaims: Readonly<Record<string, readonly ClaimScalar[]>>
  readonly attributeClaims: readonly string[]
}

export const customJwtConfigSchema = v.pipe(
  v.strictObject({
    oidcURI: v.optional(defineUrl('Issuer whose keys are discovered; its discovery document must name it literally')),
    jwksURI: v.optional(defineUrl('Key set of the issuer; requires issuer')),
    publicKeys: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.maxLength(PEM_MAX_LENGTH))),
        v.nonEmpty(),
        v.maxLength(PEM_KEYS_MAX),
        v.description('Public keys in PEM, tried in turn; requires issuer'),
      ),
    ),
    issuer: v.optional(
      v.pipe(v.string(), v.nonEmpty(), v.description('The claim iss, compared literally; default oidcURI')),
    ),
    audiences: v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty())),
      v.nonEmpty(),
      v.description('Accepted audiences, any one of them'),
    ),
    requiredClaims: v.pipe(
      v.optional(v.record(v.string(), v.unknown())),
      v.description('By claim, as `a.b` for nested ones: a value, or a list of values of which any one is accepted'),
    ),
    attributeClaims: defineTexts('Claims that become attributes custom_jwt.claim.<name>'),
  }),
  v.metadata(OWN_FIELDS),
)

export type CustomJwtConfig = v.InferOutput<typeof customJwtConfigSchema>

/** The issuer that tokens must name; `''` if the author has named none, which {@link compileCustomJwt} reports. */
export function findIssuer({ issuer, oidcURI }: CustomJwtConfig): string {
  return issuer ?? oidcURI ?? ''
}

/** One source, or one for each key in PEM. What is missing or contradicts is reported by {@link compileCustomJwt}. */
export function listKeys(config: CustomJwtConfig): readonly KeysConfig[] {
  const issuerURL = findIssuer(config)
  if (config.publicKeys !== undefined)
    return config.publicKeys.flatMap((pem, index) => {
      const key = readPemKey(pem)
      return 'jwk' in key ? [{ issuerURL, namelessKey: key.jwk, path: ['publicKeys', index] }] : []
    })
  if (config.jwksURI !== undefined) return [{ issuerURL, jwksURI: config.jwksURI }]
  return config.oidcURI === undefined ? [] : [{ issuerURL: config.oidcURI, path: ['oidcURI'] }]
}

export function compileCustomJwt(
  config: CustomJwtConfig,
  context: EntryContext,
  report: Report,
): OidcEntry<CustomPins> | undefined {
  let failed = false
  function fail(code: IssueCode, path: Path, message: string): void {
    failed = true
    report({ code, path, message })
  }
  const { oidcURI, jwksURI, publicKeys, issuer, audiences, attributeClaims = [] } = config
  const sources = Object.entries({ oidcURI, jwksURI, publicKeys }).filter(([, value]) => value !== undefined)
  const [first, second] = sources
  if (first === undefined)
    fail('field_missing', [], 'Keys have no source: set exactly one of oidcURI, jwksURI and publicKeys')
  if (first !== undefined && second !== undefined)
    fail(
      'field_conflict',
      [second[0]],
      `Cannot use both ${first[0]} and ${second[0]}: keep the one that the keys come from`,
    )
  if (oidcURI === undefined && issuer === undefined && first !== undefined)
    fail(
      'field_missing',
      ['issuer'],
      `Missing field "issuer": with ${first[0]} it is not known whose tokens are accepted`,
    )
  if (oidcURI !== undefined && issuer !== undefined && oidcURI !== issuer)
    fail(
      'field_conflict',
      ['issuer'],
      'The issuer must equal oidcURI literally, since the discovery document must name it: remove issuer, or use jwksURI',
    )
  for (const [index, pem] of (publicKeys ?? []).entries()) {
    const key = readPemKey(pem)
    if ('fault' in key) fail('key_unusable', ['publicKeys', index], `Cannot use the key: ${key.fault}`)
  }
  const requiredClaims = readRequired(config.requiredClaims ?? {}, fail)
  if (Object.keys(requiredClaims).length === 0)
    fail(
      'pin_missing',
      ['requiredClaims'],
      'Every holder of a token of this issuer for this audience could log in: set requiredClaims, for example requiredClaims: {sub: agent-1}',
    )
  for (const [index, name] of attributeClaims.entries()) {
    if (makeAttributeName('custom_jwt.claim.<name>', name) !== undefined) continue
    fail(
      'value_invalid',
      ['attributeClaims', index],
      `Cannot make an attribute of the claim ${quoteText(name)}: its name has a character that keys of attributes do not have`,
    )
  }
  lintAudiences('audiences', audiences, report)
  if (failed) return undefined
  const isExact = Object.hasOwn(requiredClaims, 'sub')
  if (context.exactPins && !isExact) {
    report({
      code: 'pin_missing',
      path: ['requiredClaims'],
      message: 'Every holder of the other claims could log in as an issuer: require the claim sub',
    })
    return undefined
  }
  return {
    scoped: true,
    proves: attributeClaims
      .filter((name) => Object.hasOwn(requiredClaims, name))
      .flatMap((name) => makeAttributeName('custom_jwt.claim.<name>', name) ?? []),
    pins: {
      issuer: findIssuer(config),
      audiences,
      maxLifetimeSeconds: TOKEN_LIFETIME_DEFAULT_SECONDS,
      own: { requiredClaims, attributeClaims },
    },
  }
}

function readRequired(
  required: Readonly<Record<string, unknown>>,
  fail: (code: IssueCode, path: Path, message: string) => void,
): CustomPins['requiredClaims'] {
  const read: Record<string, readonly ClaimScalar[]> = Object.create(null)
  for (const [name, value] of Object.entries(required)) {
    const path = ['requiredClaims', name]
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (values.length === 0 || values.length > CLAIM_VALUES_MAX) {
      fail('value_out_of_range', path, `Cannot accept ${values.length} values: write 1 to ${CLAIM_VALUES_MAX}`)
      continue
    }
    const scalars = values.filter(isScalar)
    if (scalars.length === values.length) read[name] = scalars
    else
      fail(
        'type_mismatch',
        path,
        'Cannot compare with this value: write a string, a whole number, true or false, or a list of these',
      )
  }
  return read
}

function isScalar(value: unknown): value is ClaimScalar {
  return (typeof value === 'string' && value !== '') || typeof value === 'boolean' || Number.isSafeInteger(value)
}
