// What the reader of YAML hands to the builder of the tree: the parser's events in our own words.
import type { ScalarStyle } from './yaml-node.ts'

interface Properties {
  /** The offset of the `&` of an anchor. */
  readonly anchorStart?: number
  /** The offset of the `!` of a tag. */
  readonly tagStart?: number
}

export type CollectionToken = Properties & { readonly kind: 'map' | 'list'; readonly start: number }

export type ScalarToken = Properties & {
  readonly kind: 'scalar'
  readonly style: ScalarStyle
  /** Decoded. */
  readonly source: string
  /** Without quotes and block header; `undefined` if there is nothing at all, as behind `name:`. */
  readonly content?: { readonly start: number; readonly end: number }
  /** Of a block: how many spaces of each line are not content. Otherwise 0. */
  readonly indent: number
}

export type AliasToken = { readonly kind: 'alias'; readonly start: number }

export type NodeToken = CollectionToken | ScalarToken | AliasToken

/** `end` closes the document, map or list that was opened last. */
export type YamlToken =
  | NodeToken
  /** `explicit`: it begins with `---`. */
  | { readonly kind: 'document'; readonly explicit: boolean }
  | { readonly kind: 'end' }
