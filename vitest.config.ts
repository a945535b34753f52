import { resolve } from 'node:path'
import process from 'node:process'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig, type Plugin } from 'vitest/config'
import { makeSessionSigningKeys } from './src/token/session/make-session-keys.ts'
import { SLOW_TESTS } from './test/slow-tests.ts'

const bindings = {
  TRUST_DOMAIN: 'example.org',
  ISSUER_URL: 'http://127.0.0.1:8787',
  ALLOW_LOOPBACK_ISSUERS: 'true',
  SEAL_KEYS: 'A'.repeat(43),
  SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
}

/**
 * In every worker vitest asks `node:inspector` for a debugger, unless it knows of one. workerd has no such module, and each
 * file would print two warnings. All that follows from the answer is that modules carry their source maps.
 */
const knowsDebugger: Plugin = {
  name: 'knows-debugger',
  configureVitest({ vitest }) {
    vitest.config.inspector.openInMainProcess = true
  },
}

/** Examples import the package by its name. */
const OWN_ENTRIES = [
  { find: /^postern$/, replacement: resolve('src/entries/gateway.ts') },
  { find: /^postern\/(\w+)$/, replacement: resolve('src/entries/$1.ts') },
]

// Two projects: `node` for the core and for whole hosts as child processes, and `workers` inside workerd, with real
// local KV and a real issuer over HTTP.
export default defineConfig({
  test: {
    // Many tests wait for processes: three files at once cost little more than two.
    maxWorkers: 3,
    projects: [
      {
        resolve: { alias: OWN_ENTRIES },
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/workers/**',
            '**/node_modules/**',
            ...(process.env['POSTERN_FAST_TESTS'] === '1' ? SLOW_TESTS : []),
          ],
          setupFiles: ['test/property.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings } }),
          knowsDebugger,
        ],
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts'],
          globalSetup: ['test/workers/cluster.setup.ts'],
          setupFiles: ['test/workers/audit-lines.setup.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
})
