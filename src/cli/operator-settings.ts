// The settings that affect whether a document compiles, read as the gateway reads them: from the environment, or an env
// file. The gateway's secrets are not needed to check documents; only applied records need SEAL_KEYS.
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { EVERY_FEATURE, type HostName, listHostFeatures } from '../attest/host-features.ts'
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
  /** The keys and names that applied records are sealed with, or the names of the settings that are missing for it. */
  readonly sealing: Sealing | { readonly missing: readonly [string, ...string[]] }
  /** The default audience of evidence; `undefined` if neither AUDIENCE nor TRUST_DOMAIN is set. */
  readonly audience: string | undefined
  readonly clockSkewSeconds: number
}

/**
 * Reads the settings; the environment takes precedence over the file.
 * @param environmentFile - an env file. It must exist if `asked`, that is, if it was named on the command line
 * @param host - documents are compiled as on this host; default: as on one that can do everything
 * @throws a usage {@link Stop} that lists every invalid setting, without quoting secrets
 */
export async function readOperatorSettings(
  io: Io,
  environmentFile?: { readonly path: string; readonly asked: boolean },
  host?: HostName,
): Promise<OperatorSettings> {
  const environment = { ...(await readEnvironmentFile(io, environmentFile)), ...io.environment }
  const isLoopback = environment['ALLOW_LOOPBACK_ISSUERS']?.trim() === 'true'
  const read = readSettings(
    {
      TRUST_DOMAIN: 'example.org',
      ISSUER_URL: isLoopback ? 'http://127.0.0.1:8787' : 'https://issuer.invalid',
      ...environment,
      // Nothing is signed here, so the real keys are not needed where documents are written.
      SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
    },
    { canResolve: true },
  )
  if (!read.ok) {
    const lines = read.problems.map((problem) => `  - ${problem}`)
    throw new Stop(EXIT.usage, 'Invalid settings in the environment:', { lines })
  }
  const { audience, clockSkewSeconds } = read.value
  const attestors = createAttestorTable(io.attestors)
  const saysAudience = [environment['AUDIENCE'], environment['TRUST_DOMAIN']].some((text) => text?.trim())
  return {
    sealing: readSealing(environment, read.value),
    audience: saysAudience ? audience : undefined,
    clockSkewSeconds,
    attestors,
    // Only the gateway knows whether it can seal challenges: SEAL_KEYS are usually not set where documents are written.
    contextFor: createContextFor(
      {
        ...{ ...read.value, canSeal: true, canClaim: true },
        hostFeatures: host === undefined ? EVERY_FEATURE : listHostFeatures(host),
      },
      attestors,
    ),
  }
}

/** Requires the real names: documents compile with placeholder names, but no gateway would accept a record sealed for them. */
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
