// Test files that `npm run ok` leaves out: those that start processes or servers, compare with other engines, or measure.

/** Globs of vitest's `exclude`. */
export const SLOW_TESTS: readonly string[] = [
  'test/conformance/**',
  'test/package/**',
  'test/deploy/**',
  'test/playground/{browser,hosts}.test.ts',
  'test/upgrade/**',
  'test/metrics/**',
  'test/runtime/http/**',
  'test/runtime/redis/**',
  'test/cli/store/**',
  'test/cli/map/map.test.ts',
  'test/wasm/**',
  'test/condition/{cel,deno,oracle}.test.ts',
  'test/policy/mapping/mapping-meter.test.ts',
  'test/config/compile-cost.test.ts',
  'test/config/compile/compiled-weight.test.ts',
  'test/mutation/warm-runner.test.ts',
  'test/soak/soak.test.ts',
  'test/dev/demo.test.ts',
  'test/gateway/{attack-costs,audit-bounds,audit-record,claims-budget}.test.ts',
]
