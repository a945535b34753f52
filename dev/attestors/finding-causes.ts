// For the pages of attestors: what a finding about their configuration means. One row for each code that an attestor can give; the
// message of a finding has its place, the value and the next step.
import type { IssueCode } from '../../src/core/issue.ts'

export const FINDING_CAUSES: Readonly<Partial<Record<IssueCode, string>>> = {
  field_missing: 'a field is absent that another one, or the attestor, needs',
  field_conflict: 'fields that exclude each other are both given',
  type_mismatch: 'a value is of another type than its place takes',
  value_invalid: 'a value has a form that no evidence can match, or that cannot be read',
  value_out_of_range: 'a number, a size or a count is outside its limits',
  url_forbidden: 'the gateway would not ask this URL: not `https:`, a forbidden host, or malformed',
  issuer_forbidden: 'the issuer is this gateway: its own sessions would be evidence',
  key_unusable: 'no key can be used: weak, malformed, private or of an unknown kind',
  pin_missing: 'anyone, or for issuers too many, could pass: the fields that say who are absent',
  attestor_unsupported_here: 'this host of the gateway cannot do what the entry needs',
  challenge_unavailable: 'the gateway has no `SEAL_KEYS`, so that nobody can get a challenge',
  call_out_alone: 'a policy of agents or issuers requires call-outs alone, which verify nothing for the gateway',
  call_out_trusted: 'a policy of `ServerlessAttestation` requires call-outs alone: the called service decides',
  webhook_unlisted: 'the setting `WEBHOOKS` does not list the origin of `webhookURL`',
  webhook_private: '`webhookURL` has a private address, and `WEBHOOKS` does not say that it may',
  webhook_bearer_missing: '`authType` sends a bearer token, and `WEBHOOKS` has none for the origin',
  single_use_impossible: '`singleUse` is set, and the platform never makes the evidence anew',
  single_use_cached: '`singleUse` is set, and the platform gives out the same evidence for some time',
  trust_unscoped: 'a policy of this attestor alone does not fix who may log in',
  trust_replayable: 'a policy of this attestor alone takes evidence that is good for ever',
  audience_shared: 'the audience is that of another service: whoever receives such a token there could send it here',
  token_lifetime_long: 'tokens are accepted for longer than a day, even after their pod is deleted',
  value_suspicious:
    'a value that is compared literally has blanks, invisible characters or a path that is no part of it',
  identity_mutable: 'a name is pinned without an id, and may pass to somebody else',
  ref_ambiguous: 'a short ref is pinned: a tag may have the name of a branch',
  event_unguarded: 'the events are left open or list `pull_request_target`, which runs for pull requests from forks',
  age_limited: 'a limit of age locks out machines that live longer',
  field_without_effect: 'a documented field that this version does not use',
  key_skipped: 'a key of an inline set is not used, for the reason that is given',
}
