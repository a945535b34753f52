// What is mutated, and the tests that must notice. A mutant that only slow tests or whole hosts notice counts as a survivor.

export interface MutatedFolder {
  /** A folder of `src/`, or one file. */
  readonly path: string
  /** Globs of the test files that run; `test/slow-tests.ts` is left out of them. */
  readonly tests: readonly string[]
}

export const FOLDERS: readonly MutatedFolder[] = [
  {
    path: 'src/token',
    tests: ['test/token/**/*.test.ts', 'test/policy/login/anchors.test.ts', 'test/gateway/metrics/measure.test.ts'],
  },
  { path: 'src/net', tests: ['test/net/**/*.test.ts', 'test/token/keys/**/*.test.ts'] },
  {
    path: 'src/gateway/request-snapshot.ts',
    tests: ['test/gateway/{request-snapshot,last-known-good,superseded}.test.ts'],
  },
  {
    path: 'src/config/live',
    tests: ['test/config/live/**/*.test.ts', 'test/gateway/{request-snapshot,last-known-good,superseded}.test.ts'],
  },
  {
    path: 'src/policy',
    tests: [
      'test/policy/**/*.test.ts',
      'test/explain/**/*.test.ts',
      'test/attest/*.test.ts',
      'test/attest/{aws-iid,extension,http-dns,k8s-token,ssh-pop}/**/*.test.ts',
      'test/config/sections/**/*.test.ts',
      'test/gateway/webhook/**/*.test.ts',
      'test/gateway/{mapping-gates,revocations,sessions,sessions-in-use,single-use}.test.ts',
      'test/gateway/routes/{claims,login,serverless}.test.ts',
      'test/runtime/replay/*.test.ts',
    ],
  },
  { path: 'src/template', tests: ['test/template/**/*.test.ts'] },
  // Not those of made-up/, which share gateways that each file changes.
  {
    path: 'src/attest',
    tests: [
      'test/attest/*.test.ts',
      'test/attest/{aws-iid,azure-imds,extension,http-dns,k8s-token,oidc,ssh-pop,tpm-ek,x509-pop}/**/*.test.ts',
    ],
  },
]
