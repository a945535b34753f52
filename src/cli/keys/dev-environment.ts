// Development settings, made on first start and kept in an ignored folder: a signing key, a seal key, loopback URLs.
// `.dev.vars` is not used: it would leak into the tests that run inside workerd.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeBase64url } from '../../core/base64.ts'
import { makeSessionSigningKeys } from '../../token/session/make-session-keys.ts'

export const DEVELOPMENT_FOLDER = '.postern'

interface DevelopmentSecrets {
  readonly SESSION_SIGNING_KEYS: string
  readonly SEAL_KEYS: string
}

export function makeSealKey(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
}

/** The secrets of `.postern/secrets.json`, made if there are none. */
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

/** Settings for a gateway on loopback, as an env file's text. */
export async function readDevelopmentSettings(
  folder: string,
  issuerUrl: string,
): Promise<Readonly<Record<string, string>>> {
  const secrets = await readDevelopmentSecrets(folder)
  return { TRUST_DOMAIN: 'example.org', ISSUER_URL: issuerUrl, ALLOW_LOOPBACK_ISSUERS: 'true', ...secrets }
}

export function formatEnvFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('')
}
