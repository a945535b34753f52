// Section Cluster: settings of a cluster other than its policies. Specific to Postern; the whole section is optional.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import { parseInstantSeconds } from '../../core/instant.ts'
import { CLUSTER_NAME_MAX_LENGTH } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { SchemaMetadata } from '../compile/validate.ts'
import { defineSection, type SectionRow } from './section.ts'
import { parseServerVersion, type ServerVersion } from './server-version.ts'

export const PLATFORMS = ['k8s', 'istio', 'eks', 'eks-istio', 'linux', 'serverless'] as const

export type Platform = (typeof PLATFORMS)[number]

export interface ClusterSettings {
  /** Default: the cluster's id. If section TrustDomain lists the cluster, its name there takes precedence. */
  readonly name?: string
  readonly platform: Platform
  readonly includeContainerAttributes: boolean
  readonly serverVersion?: ServerVersion
  readonly requireAgentSession: boolean
  readonly requireNode: boolean
  /** Sessions issued before this time are revoked. Seconds since the epoch. */
  readonly sessionsNotBeforeSeconds?: number
}

/** The settings of a cluster without this section. */
export const DEFAULT_CLUSTER: ClusterSettings = {
  platform: 'k8s',
  includeContainerAttributes: false,
  requireAgentSession: false,
  requireNode: false,
}

export const clusterNameSchema = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.maxLength(CLUSTER_NAME_MAX_LENGTH),
  v.description('Name of the cluster; {{cluster.name}} renders it'),
)

export const sessionsNotBeforeSchema = v.pipe(
  v.string(),
  v.metadata({
    form: {
      accepts: (text) => parseInstantSeconds(text) !== undefined,
      words: 'a time such as 2026-01-31T12:00:00Z',
    },
  } satisfies SchemaMetadata),
  v.description('Sessions issued before this time are revoked: RFC 3339 in UTC, for example 2026-01-31T12:00:00Z'),
)

/** YAML parses an unquoted version of two numbers, such as 0.36, as a float: the repair appends `.0`. */
const VERSION_FORM: StringForm = {
  accepts: (text) => parseServerVersion(text) !== undefined,
  words: 'three numbers, for example 0.36.1',
  repair: (source) => `${source}.0`,
}

const specSchema = v.strictObject({
  name: v.optional(clusterNameSchema),
  platform: v.optional(
    v.pipe(
      v.picklist(PLATFORMS),
      v.description('Platform of the cluster; default k8s. serverless has no default path template'),
    ),
  ),
  includeContainerAttributes: v.optional(
    v.pipe(v.boolean(), v.description('Whether the agents send kubernetes.container.*: must match their Helm values')),
  ),
  serverVersion: v.optional(
    v.pipe(v.string(), v.metadata({ form: VERSION_FORM }), v.description('Version of the upstream server, x.y.z')),
  ),
  requireAgentSession: v.optional(
    v.pipe(v.boolean(), v.description('Refuse mapping requests without an agent session')),
  ),
  requireNode: v.optional(v.pipe(v.boolean(), v.description('Refuse agent sessions without a proven node'))),
  sessionsNotBefore: v.optional(sessionsNotBeforeSchema),
})

export const cluster: SectionRow<ClusterSettings> = defineSection({
  scopes: ['cluster'],
  description: 'Settings of a cluster other than its policies',
  spec: specSchema,
  compile(spec, _context, report) {
    const { name, serverVersion } = spec
    const version = serverVersion === undefined ? undefined : parseServerVersion(serverVersion)
    if (serverVersion !== undefined && version === undefined) {
      const message = `Cannot use ${quoteText(serverVersion)} as a version: expected three numbers, for example 0.36.1`
      report({ code: 'value_invalid', path: ['serverVersion'], message })
    }
    const notBefore = readNotBefore(spec.sessionsNotBefore, report)
    const settings: ClusterSettings = {
      ...(name === undefined ? {} : { name }),
      platform: spec.platform ?? DEFAULT_CLUSTER.platform,
      includeContainerAttributes: spec.includeContainerAttributes ?? DEFAULT_CLUSTER.includeContainerAttributes,
      ...(version === undefined ? {} : { serverVersion: version }),
      requireAgentSession: spec.requireAgentSession ?? DEFAULT_CLUSTER.requireAgentSession,
      requireNode: spec.requireNode ?? DEFAULT_CLUSTER.requireNode,
      ...(notBefore === undefined ? {} : { sessionsNotBeforeSeconds: notBefore }),
    }
    lintNode(settings, report)
    return settings
  },
})

/**
 * Parses `sessionsNotBefore` (RFC 3339, UTC) to seconds since the epoch. Reports `value_invalid` if it does not parse.
 */
export function readNotBefore(text: string | undefined, report: Report): number | undefined {
  if (text === undefined) return undefined
  const seconds = parseInstantSeconds(text)
  if (seconds !== undefined) return seconds
  const message = `Cannot use ${quoteText(text)} as a time: expected RFC 3339 in UTC, for example 2026-01-31T12:00:00Z`
  report({ code: 'value_invalid', path: ['sessionsNotBefore'], message })
  return undefined
}

/** Unless both are set, an issuer can name any node for a workload without proof. */
function lintNode(settings: ClusterSettings, report: Report): void {
  // Without agents no session could prove a node.
  if (settings.platform === 'serverless') return
  const missing = (['requireAgentSession', 'requireNode'] as const).filter((name) => !settings[name])
  if (missing.length === 0) return
  const what = 'A workload may be mapped without proof of its node'
  report({
    code: 'node_unproven',
    path: [],
    message: `${what}: set ${missing.map((name) => `${name}: true`).join(' and ')}`,
  })
}
