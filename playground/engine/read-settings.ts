// Reads the settings that are typed on the page, as the gateway reads its own: a wrong one is named, and nothing is decided.
import type { CompileSettings } from '../../src/config/compile/compile-context.ts'
import { CLUSTER_ID_WORDS, type ClusterId, parseClusterId } from '../../src/config/document-key.ts'
import { CLOCK_SKEW_MAX_SECONDS } from '../../src/core/limits.ts'
import { ABLE } from '../../src/explain/offline-situation.ts'
import { parseTrustDomain, TRUST_DOMAIN_FAULTS, type TrustDomain } from '../../src/identity/trust-domain.ts'
import type { SituationSettings } from './situation.ts'

export interface SettingProblem {
  readonly setting: keyof SituationSettings
  readonly problem: string
}

export interface ReadSettings {
  readonly trustDomain: TrustDomain
  readonly clusterId: ClusterId
  readonly audience: string
  readonly skewSeconds: number
  readonly compile: CompileSettings
}

export type SettingsResult =
  | { readonly ok: true; readonly value: ReadSettings }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] }

/** Reads all settings, or every problem. */
export function readPageSettings(settings: SituationSettings): SettingsResult {
  const problems: SettingProblem[] = []
  const trustDomain = parseTrustDomain(settings.trustDomain)
  if (!trustDomain.ok) problems.push({ setting: 'trustDomain', problem: TRUST_DOMAIN_FAULTS[trustDomain.reason] })
  const clusterId = parseClusterId(settings.clusterId)
  if (clusterId === undefined) problems.push({ setting: 'clusterId', problem: `a cluster id has ${CLUSTER_ID_WORDS}` })
  const skewSeconds = settings.clockSkewSeconds
  if (!Number.isInteger(skewSeconds) || skewSeconds < 0 || skewSeconds > CLOCK_SKEW_MAX_SECONDS)
    problems.push({
      setting: 'clockSkewSeconds',
      problem: `must be a whole number from 0 to ${CLOCK_SKEW_MAX_SECONDS}`,
    })
  const issuerUrl = settings.issuerUrl.trim()
  if (URL.parse(issuerUrl) === null) problems.push({ setting: 'issuerUrl', problem: 'must be a URL' })
  const privateIssuers = settings.privateIssuers.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  if (privateIssuers.some((origin) => URL.parse(origin)?.origin !== origin))
    problems.push({ setting: 'privateIssuers', problem: 'must be origins such as https://10.0.0.1:6443' })
  if (problems.length > 0 || !trustDomain.ok || clusterId === undefined) return { ok: false, problems }
  const audience = settings.audience.trim() === '' ? `spiffe://${trustDomain.value}` : settings.audience.trim()
  const { allowLoopbackIssuers } = settings
  return {
    ok: true,
    value: {
      trustDomain: trustDomain.value,
      clusterId,
      audience,
      skewSeconds,
      compile: {
        trustDomain: trustDomain.value,
        issuerUrl,
        audience,
        allowLoopbackIssuers,
        privateIssuers,
        ...ABLE,
      },
    },
  }
}
