import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { makeSessionSigningKeys } from './src/token/session/make-session-keys.ts'

const bindings = {
  TRUST_DOMAIN: 'example.org',
  ISSUER_URL: 'http://127.0.0.1:8787',
  ALLOW_LOOPBACK_ISSUERS: 'true',
  SEAL_KEYS: 'A'.repeat(43),
  SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
}

// Two projects: `node` for the core and for whole hosts as child processes, and `workers` inside workerd, with real
// local KV and a real issuer over HTTP.
export default defineConfig({
  test: {
    // Many tests wait for processes: two files at once cost little more than one.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workers/**', 'node_modules/**'],
          setupFiles: ['test/property.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings } })],
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts'],
          globalSetup: ['test/workers/cluster.setup.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
})
