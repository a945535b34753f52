import { existsSync } from 'node:fs'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

// Two projects: `node` for the pure core, and `workers` inside workerd with real local KV.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workers/**', 'node_modules/**'],
          testTimeout: 30_000,
        },
      },
      ...(existsSync('test/workers')
        ? [
            {
              plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
              test: { name: 'workers', include: ['test/workers/**/*.test.ts'], testTimeout: 30_000 },
            },
          ]
        : []),
    ],
  },
})
