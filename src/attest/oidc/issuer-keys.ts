// The anchor of an entry that accepts tokens of several issuers, or by several keys without names: one source of keys for
// each issuer that the entry names, and none for any other.
import { digestText } from '../../core/digest.ts'
import { writeCanonicalJson } from '../../core/json.ts'
import { computeSourceDigest, listAnchors } from '../../token/keys/anchor.ts'
import type { FetchedSpec, KeySourceSpec } from '../../token/keys/key-source-spec.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import type { Anchor } from '../shapes.ts'
import { compileKeys, type KeysConfig } from './key-anchor.ts'

/** Where the keys of an entry come from: one place, or for each issuer the places that are tried in turn. */
export type OidcKeys =
  | KeySourceSpec
  | { readonly kind: 'issuers'; readonly byIssuer: ReadonlyMap<string, readonly KeySourceSpec[]> }

/** The sources whose keys may have signed tokens of this issuer; none if the entry does not name it. */
export function listSources(keys: OidcKeys, issuer: string): readonly KeySourceSpec[] {
  return keys.kind === 'issuers' ? (keys.byIssuer.get(issuer) ?? []) : [keys]
}

/** Lists every anchor that a session may name: see {@link listAnchors}. */
export async function listKeyAnchors(keys: OidcKeys): Promise<readonly string[]> {
  if (keys.kind !== 'issuers') return listAnchors(keys)
  const lists = await Promise.all([...keys.byIssuer.values()].flat().map(listAnchors))
  return [...new Set(lists.flat())].sort()
}

/** Compiles the keys of all issuers of an entry; with one issuer and one source that is the source itself. */
export function compileIssuers(
  configs: readonly KeysConfig[],
  context: EntryContext,
  report: Report,
): Anchor<OidcKeys> | undefined {
  const byIssuer = new Map<string, readonly KeySourceSpec[]>()
  const fetched: FetchedSpec[] = []
  let failed = false
  for (const config of configs) {
    const anchor = compileKeys(config, context, report)
    if (anchor === undefined) {
      failed = true
      continue
    }
    if (configs.length === 1) return anchor
    byIssuer.set(config.issuerURL, [...(byIssuer.get(config.issuerURL) ?? []), anchor.value])
    if (anchor.fetchedFrom !== undefined) fetched.push(...[anchor.fetchedFrom].flat())
  }
  if (failed || byIssuer.size === 0) return undefined
  const trusted = [...byIssuer].map(([issuer, sources]) => [issuer, ...sources.map(computeSourceDigest).sort()])
  return {
    id: digestText(writeCanonicalJson(trusted.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)))),
    value: { kind: 'issuers', byIssuer },
    ...(fetched.length === 0 ? {} : { fetchedFrom: fetched }),
  }
}
