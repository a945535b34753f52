// The type of a row of the table of causes, and how it becomes a sentence.

export interface CauseRow {
  /** What happened, after "the key set" or "the discovery document"; `{name}` is a fact of the failure. */
  readonly what: string
  /** The operator's next step. */
  readonly next: string
  /** `code` of the error on Node and Deno; one that ends in `*` is a prefix. */
  readonly codes?: readonly string[]
  /** How the error's message begins on Workers, where errors have no code. */
  readonly messages?: readonly string[]
  readonly statuses?: readonly number[]
  /** How it is recognised otherwise; documentation only. */
  readonly shows?: string
  /** A failure to connect: the reason may be an egress proxy that is configured but not used. */
  readonly isConnection?: true
}

/** The facts of one failure. Those from outside are printable and short. */
export type CauseFacts = Readonly<Record<string, string | number>>

/** Fills the facts into `what` or `next` of a row; a missing fact becomes "not known". */
export function fillFacts(template: string, facts: CauseFacts): string {
  return template.replace(/\{(\w+)\}/g, (_all, name: string) => String(facts[name] ?? 'not known'))
}
