// A row of the table of causes, and how it becomes a sentence.

export interface CauseRow {
  /** What happened, after "the key set" or "the discovery document"; `{name}` is a fact of the failure. */
  readonly what: string
  readonly next: string
  /** `code` of the error on Node and Deno; one that ends in `*` is a prefix. */
  readonly codes?: readonly string[]
  /** How the error's message begins on Workers, where errors have no code. */
  readonly messages?: readonly string[]
  readonly statuses?: readonly number[]
  /** How it is recognised otherwise, for the documents. */
  readonly shows?: string
  /** A failure to connect: an egress proxy that is configured, and not used, may be the reason. */
  readonly isConnection?: true
}

/** What a sentence says of one failure, made printable and short where it came from outside. */
export type CauseFacts = Readonly<Record<string, string | number>>

/** `what` or `next` of a row with its facts in place; one that is not known stays out of the way. */
export function fillFacts(template: string, facts: CauseFacts): string {
  return template.replace(/\{(\w+)\}/g, (_all, name: string) => String(facts[name] ?? 'not known'))
}
