// Development settings, created on the first start and kept in a git-ignored folder: a signing key, a seal key, loopback
// URLs. `.dev.vars` is not used, because tests that run inside workerd would read it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBase64url } from '../../core/base64.ts'
import { makeSessionSigningKeys } from '../../token/session/make-session-keys.ts'

export const DEVELOPMENT_FOLDER = '.postern'

interface DevelopmentSecrets {
  readonly SESSION_SIGNING_KEYS: string
  readonly SEAL_KEYS: string
}

/** Makes a random seal key: 32 bytes, base64url. */
export function makeSealKey(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
}

/** Reads the secrets of `secrets.json` in `folder`, creating the file if it is missing or unreadable. */
export async function readDevelopmentSecrets(folder: string): Promise<DevelopmentSecrets> {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'secrets.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DevelopmentSecrets
  } catch {
    const made = { SESSION_SIGNING_KEYS: await makeSessionSigningKeys(), SEAL_KEYS: makeSealKey() }
    writeFileSync(path, JSON.stringify(made, null, 2), { mode: 0o600 })
    return made
  }
}

/** Settings by name for a development gateway on loopback. */
export async function readDevelopmentSettings(
  folder: string,
  issuerUrl: string,
): Promise<Readonly<Record<string, string>>> {
  const secrets = await readDevelopmentSecrets(folder)
  return { TRUST_DOMAIN: 'example.org', ISSUER_URL: issuerUrl, ALLOW_LOOPBACK_ISSUERS: 'true', ...secrets }
}

/** Formats settings as an env file, each value in single quotes. */
export function formatEnvFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('')
}
