// What the figures were taken on.
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, type } from 'node:os'
import process from 'node:process'
import type { Machine } from './report.ts'

const PACKAGES = [
  'hono',
  'jose',
  'express',
  'express-oauth2-jwt-bearer',
  'fastify',
  '@fastify/jwt',
  'get-jwks',
  'deno',
  'workerd',
]

export function readLoad(): number {
  return loadavg()[0] ?? 0
}

/** As it is now; `loadBefore` is the reading of the start. */
export function describeMachine(loadBefore: number): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    system: `${type()} ${release()}`,
    versions: { node: process.versions.node, ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])) },
    loadBefore,
    loadAfter: readLoad(),
  }
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
}
