// The anchor of an entry that accepts tokens: the source of its issuer's keys. One issuer URL may have several anchors,
// because all kubeadm clusters have the same issuer URL. Evidence that one anchor verifies never satisfies a policy with
// another anchor.

import { digestText } from '../../core/digest.ts'
import type { IssueCode, Path } from '../../core/issue.ts'
import { isJsonObject, type Json, writeCanonicalJson } from '../../core/json.ts'
import { KEY_SET_INLINE_MAX_KEYS, QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { computeSourceDigest } from '../../token/keys/anchor.ts'
import { checkFetchedSpec } from '../../token/keys/discovery.ts'
import { type KeySet, readKeySet } from '../../token/keys/key-set.ts'
import type { FetchedSpec, KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { Anchor } from '../shapes.ts'

/** The issuer and at most one source of keys. Neither `jwksURI` nor `jwks`: discovery at the issuer. */
export interface KeysConfig {
  readonly issuerURL: string
  readonly jwksURI?: string | undefined
  readonly jwks?: { readonly keys: readonly unknown[] } | undefined
  /** One key without a name, as a JWK: the `kid` of a token is not looked at. */
  readonly namelessKey?: Json
  /** Where a discovered key set may be, besides the issuer's own origin. */
  readonly jwksOrigins?: readonly string[]
  /** The place of the issuer in `config`, for issues; default `issuerURL`. */
  readonly path?: Path
}

/**
 * Compiles the source of keys: discovery at the issuer, a key set at a URL (RFC 7517), or an inline key set.
 *
 * @param report takes every issue; paths are relative to `config`
 * @returns `undefined` if an error was reported
 */
export function compileKeys(
  config: KeysConfig,
  context: EntryContext,
  report: Report,
): Anchor<KeySourceSpec> | undefined {
  function fail(code: IssueCode, path: Path, message: string): undefined {
    report({ code, path, message })
  }
  if (config.jwksURI !== undefined && config.jwks !== undefined) {
    return fail('field_conflict', ['jwks'], 'jwksURI and jwks are mutually exclusive: remove one of them')
  }
  if (config.jwks !== undefined) return compileInlineKeys(config.jwks as Json, report, fail)
  if (config.namelessKey !== undefined) return compileNamelessKey(config.namelessKey, config.path ?? [], fail)
  const spec: FetchedSpec =
    config.jwksURI === undefined
      ? {
          kind: 'discovery',
          issuer: config.issuerURL,
          ...(config.jwksOrigins === undefined ? {} : { jwksOrigins: config.jwksOrigins }),
        }
      : { kind: 'jwks_uri', url: config.jwksURI }
  const checked = checkFetchedSpec(spec, context.urlPolicy)
  if (checked.ok) return { id: computeSourceDigest(spec), value: spec, fetchedFrom: spec }
  const [path, text, elsewhere] =
    spec.kind === 'discovery'
      ? [config.path ?? ['issuerURL'], spec.issuer, 'for an issuer that the gateway cannot reach, set jwksURI or jwks']
      : [['jwksURI'], spec.url, undefined]
  const cure = checked.cure ?? elsewhere
  return fail(
    'url_forbidden',
    path,
    `Cannot fetch from ${quoteText(text, QUOTED_CLAIM_MAX_CHARACTERS)}: ${checked.reason}${cure === undefined ? '' : `; ${cure}`}`,
  )
}

type Fail = (code: IssueCode, path: Path, message: string) => undefined

function compileInlineKeys(json: Json, report: Report, fail: Fail): Anchor<KeySourceSpec> | undefined {
  const list = isJsonObject(json) ? json['keys'] : undefined
  if (Array.isArray(list) && list.length > KEY_SET_INLINE_MAX_KEYS) {
    const message = `Cannot read a set of ${list.length} keys: at most ${KEY_SET_INLINE_MAX_KEYS} are allowed inline; serve the set at a URL and set jwksURI, or remove old keys`
    return fail('value_out_of_range', ['jwks', 'keys'], message)
  }
  const keys = isJsonObject(json) ? readKeySet(json) : undefined
  if (keys === undefined) return fail('key_unusable', ['jwks'], 'Cannot read the key set: it must have an array "keys"')
  if (keys.count === 0) {
    const first = keys.skipped[0]
    const why = first === undefined ? 'it is empty' : first.reason
    return fail('key_unusable', ['jwks', 'keys'], `Cannot use any key of the set: ${why}`)
  }
  for (const { index, reason } of keys.skipped) {
    report({ code: 'key_skipped', path: ['jwks', 'keys', index], message: `Skipped this key: ${reason}` })
  }
  const spec: KeySourceSpec = { kind: 'inline', digest: digestText(writeCanonicalJson(json)), keys }
  const names = listKeyNames(keys)
  return { id: computeSourceDigest(spec), value: spec, ...(names === undefined ? {} : { names }) }
}

function compileNamelessKey(jwk: Json, path: Path, fail: Fail): Anchor<KeySourceSpec> | undefined {
  const set: Json = { keys: [jwk] }
  const keys = readKeySet(set)
  if (keys === undefined || keys.count === 0) {
    return fail('key_unusable', path, `Cannot use the key: ${keys?.skipped[0]?.reason ?? 'it is not a key'}`)
  }
  const spec: KeySourceSpec = {
    kind: 'inline',
    digest: digestText(writeCanonicalJson(set)),
    keys: { ...keys, isNameless: true },
  }
  return { id: computeSourceDigest(spec), value: spec }
}

/** Lists the `kid`s; `undefined` if a key has none: then tokens with any `kid` are tried, for a precise refusal. */
function listKeyNames({ keys, skipped }: KeySet): readonly string[] | undefined {
  const kids = [...keys.map(({ kid }) => kid), ...skipped.flatMap(({ kid }) => (kid === undefined ? [] : [kid]))]
  const named = kids.filter((kid) => kid !== undefined)
  return named.length === kids.length ? [...new Set(named)] : undefined
}
