// The findings about documents. Authors get every issue at once, each with its place. A caller of the gateway sees
// none.

/**
 * Every issue code, with its severity. An `error` stops a document from compiling, a `warning` (lint) does not. Neither
 * does an `unhealthy` one: the document comes into force, but validation and the status fail.
 */
export const ISSUES = {
  // The bytes and the YAML
  encoding_invalid: 'error',
  document_too_large: 'error',
  document_too_deep: 'error',
  document_too_many_keys: 'error',
  document_empty: 'error',
  yaml_syntax: 'error',
  yaml_feature_forbidden: 'error',
  key_duplicate: 'error',
  // The envelope and the fields
  section_mismatch: 'error',
  section_unknown: 'error',
  schema_unsupported: 'error',
  field_unknown: 'error',
  field_missing: 'error',
  field_conflict: 'error',
  type_mismatch: 'error',
  text_unquoted: 'error',
  value_invalid: 'error',
  value_empty: 'error',
  value_out_of_range: 'error',
  name_invalid: 'error',
  name_duplicate: 'error',
  too_many_policies: 'error',
  // Attestors and their trust
  attestor_unknown: 'error',
  attestor_duplicate: 'error',
  url_forbidden: 'error',
  issuer_forbidden: 'error',
  anchors_too_many: 'error',
  /** Retired: two policies may take the keys of one issuer from different places. Never given, never reused. */
  key_source_conflict: 'error',
  key_unusable: 'error',
  pin_missing: 'error',
  attestor_unsupported: 'unhealthy',
  attestor_unsupported_here: 'unhealthy',
  challenge_unavailable: 'unhealthy',
  call_out_alone: 'error',
  single_use_impossible: 'error',
  replay_unavailable: 'unhealthy',
  // Attributes, templates, conditions
  attribute_unknown: 'error',
  attribute_surface_forbidden: 'error',
  attribute_origin_forbidden: 'error',
  template_syntax: 'error',
  template_static: 'error',
  filter_unknown: 'error',
  filter_misplaced: 'error',
  path_invalid: 'error',
  path_reserved: 'error',
  subject_invalid: 'error',
  dns_name_invalid: 'error',
  claim_reserved: 'error',
  condition_syntax: 'error',
  condition_type: 'error',
  condition_unsupported: 'error',
  condition_too_large: 'error',
  pattern_invalid: 'error',
  pattern_too_large: 'error',
  // Revocations
  revocations_too_many: 'error',
  revocation_expired: 'warning',
  revocation_duplicate: 'warning',
  // Across sections
  version_required: 'unhealthy',
  attribute_not_enabled: 'unhealthy',
  mapping_refused: 'unhealthy',
  cluster_name_taken: 'unhealthy',
  // Lint
  deny_all: 'warning',
  trust_unscoped: 'warning',
  trust_overlapping: 'warning',
  audience_shared: 'warning',
  token_lifetime_long: 'warning',
  value_suspicious: 'warning',
  identity_mutable: 'warning',
  ref_ambiguous: 'warning',
  event_unguarded: 'warning',
  field_without_effect: 'warning',
  single_use_cached: 'warning',
  trust_replayable: 'warning',
  age_limited: 'warning',
  not_before_future: 'warning',
  path_never_valid: 'warning',
  path_not_injective: 'warning',
  override_shadowed: 'warning',
  override_resets_field: 'warning',
  attribute_may_be_absent: 'warning',
  attribute_self_declared: 'warning',
  claim_sensitive: 'warning',
  node_unproven: 'warning',
  cluster_unlisted: 'warning',
  unlisted_unset: 'warning',
  key_skipped: 'warning',
  keys_unavailable: 'warning',
} as const satisfies Record<string, 'error' | 'unhealthy' | 'warning'>

export type IssueCode = keyof typeof ISSUES

/** A place in a document: member names and list indexes from the root, e.g. `['spec', 'policies', 0, 'name']`. */
export type Path = readonly (string | number)[]

/**
 * One finding. Lower layers know the `path`, and for a fault inside a string also the `offset` into that string (UTF-16
 * units). `config/` converts both into a line and a column.
 */
export interface Issue {
  readonly code: IssueCode
  readonly path: Path
  readonly message: string
  /** The offset of the fault inside the string at `path`, in UTF-16 units. */
  readonly offset?: number
  /** Whether the fault is the name of the member, not its value. */
  readonly atKey?: boolean
  /** The edit that the message proposes. It resolves this issue. */
  readonly fix?: Fix
  /** Not a finding: counts the findings that are not listed. */
  readonly omitted?: OmittedIssues
}

/** An edit of a document: `text` replaces what is between these offsets (UTF-16 units). */
export interface Fix {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** How many issues a list leaves out. */
export interface OmittedIssues {
  readonly errors: number
  readonly warnings: number
}

/** The severity that is printed: everything that an author must change is an error. */
export function findSeverity(issue: Issue): 'error' | 'warning' {
  return isError(issue) ? 'error' : 'warning'
}

/** Whether the issue fails validation and the status. */
export function isError(issue: Issue): boolean {
  return ISSUES[issue.code] !== 'warning'
}

/** Whether the issue keeps the document from coming into force. */
export function stopsCompiling(issue: Issue): boolean {
  return ISSUES[issue.code] === 'error'
}
