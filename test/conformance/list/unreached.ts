// Codes that no request from outside can bring about, each with why, and with the test that holds it in process.
import type { RefusalCode } from '../../../src/core/refusal.ts'

const GOOGLE = 'gcp_iit alone gives it, and only Google has the keys of its tokens: test/attest/oidc/rows.test.ts'
const NO_CALL_OUT = 'no attestor that ships calls out: test/attest/made-up/call-outs.test.ts'

export const UNREACHED: Readonly<Partial<Record<RefusalCode, string>>> = {
  internal_error: 'it stands for a fault of the gateway, and none is known: test/attest/made-up/call-outs.test.ts',
  request_aborted: 'who could read the answer has gone: test/conformance/slow-clients.test.ts',
  listing_unsupported: 'every store that ships can list: test/gateway/status/status-page.test.ts',
  policy_empty: 'no such document compiles: test/policy/login/login.test.ts',
  call_out_unavailable: NO_CALL_OUT,
  call_out_unanswered: NO_CALL_OUT,
  compute_claims_missing: GOOGLE,
  project_not_allowed: GOOGLE,
  zone_not_allowed: GOOGLE,
}
