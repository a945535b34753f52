// The settings that decide whether a document compiles, as the gateway reads them: from the environment, or a file of
// it. The gateway's secrets are not needed to check a document, but for SEAL_KEYS to open what it has sealed.
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { type AttestorTable, createAttestorTable } from '../attest/table.ts'
import { createContextFor } from '../config/compile/compile-context.ts'
import type { ContextFor } from '../config/live/config-read.ts'
import { OPERATOR_FILE_MAX_BYTES } from '../core/limits.ts'
import { describeError } from '../core/thrown.ts'
import { readTextCapped } from '../runtime/read-file-capped.ts'
import { readSettings } from '../runtime/settings.ts'
import type { Sealing } from '../token/applied-record.ts'
import { makeSessionSigningKeys } from '../token/session/make-session-keys.ts'
import { EXIT, type Io, Stop } from './command.ts'

export interface OperatorSettings {
  readonly attestors: AttestorTable
  readonly contextFor: ContextFor
  /** What applied records are sealed with; or the settings that are missing for it. */
  readonly sealing: Sealing | { readonly missing: readonly [string, ...string[]] }
  /** What evidence must be meant for by default; `undefined` if neither AUDIENCE nor TRUST_DOMAIN is set. */
  readonly audience: string | undefined
  readonly clockSkewSeconds: number
}

/** `environmentFile` may be missing only if nobody asked for it by name. */
export async function readOperatorSettings(
  io: Io,
  environmentFile?: { readonly path: string; readonly asked: boolean },
): Promise<OperatorSettings> {
  const environment = { ...(await readEnvironmentFile(io, environmentFile)), ...io.environment }
  const isLoopback = environment['ALLOW_LOOPBACK_ISSUERS']?.trim() === 'true'
  const read = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      ISSUER_URL: isLoopback ? 'http://127.0.0.1:8787' : 'https://issuer.invalid',
      ...environment,
      // Nothing is signed here: the real key need not be where documents are written.
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    },
    { canResolve: true },
  )
  if (!read.ok) {
    const lines = read.problems.map((problem) => `  - ${problem}`)
    throw new Stop(EXIT.usage, 'The settings in the environment are wrong:', { lines })
  }
  const { audience, clockSkewSeconds } = read.value
  const attestors = createAttestorTable(io.attestors)
  const saysAudience = [environment['AUDIENCE'], environment['TRUST_DOMAIN']].some((text) => text?.trim())
  return {
    sealing: readSealing(environment, read.value),
    audience: saysAudience ? audience : undefined,
    clockSkewSeconds,
    attestors,
    // Whether challenges can be sealed is the gateway's to say: SEAL_KEYS are not where documents are written.
    contextFor: createContextFor({ ...read.value, canSeal: true }, attestors),
  }
}

/** The tool falls back to made-up names to compile a document; a record of made-up names is nobody's. */
function readSealing(environment: Readonly<Record<string, string | undefined>>, settings: Sealing) {
  const [first, ...others] = ['SEAL_KEYS', 'TRUST_DOMAIN', 'ISSUER_URL'].filter((name) => !environment[name]?.trim())
  if (first !== undefined) return { missing: [first, ...others] as const }
  const { sealKeys, trustDomain, issuerUrl } = settings
  return { sealKeys, trustDomain, issuerUrl }
}

async function readEnvironmentFile(
  io: Io,
  file: { readonly path: string; readonly asked: boolean } | undefined,
): Promise<Readonly<Record<string, string | undefined>>> {
  if (file === undefined) return {}
  try {
    return parseEnv(await readTextCapped(resolve(io.directory, file.path), OPERATOR_FILE_MAX_BYTES))
  } catch (error) {
    if (!file.asked) return {}
    throw new Stop(EXIT.usage, `Cannot read ${file.path}: ${describeError(error)}`)
  }
}
