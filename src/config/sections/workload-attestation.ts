// Section WorkloadAttestation: what the agents collect of workloads. The gateway collects nothing; it must know which
// attributes can come, so that a template that waits for one that never comes is found here and not at issuance.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import { URL_MAX_LENGTH } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { defineSection, type SectionRow } from './section.ts'

export interface WorkloadAttestation {
  readonly kubernetes: { readonly enabled: boolean; readonly includeAnnotationPrefixes: readonly string[] }
  readonly docker: { readonly enabled: boolean; readonly includeEnvVars: readonly string[] }
  readonly linux: { readonly enabled: boolean; readonly discoverWorkloadPath: boolean }
  readonly systemd: { readonly enabled: boolean }
  readonly jwt: { readonly enabled: boolean; readonly allowedIssuers: readonly AllowedIssuer[] }
}

export interface AllowedIssuer {
  readonly issuer: string
  readonly jwksURI?: string | undefined
}

/** What holds for a cluster without this section. */
export const DEFAULT_WORKLOAD_ATTESTATION: WorkloadAttestation = {
  kubernetes: { enabled: true, includeAnnotationPrefixes: [] },
  docker: { enabled: false, includeEnvVars: [] },
  linux: { enabled: true, discoverWorkloadPath: false },
  systemd: { enabled: false },
  jwt: { enabled: false, allowedIssuers: [] },
}

function defineToggle(standard: boolean): v.GenericSchema<unknown, boolean | undefined> {
  return v.optional(
    v.pipe(v.boolean(), v.description(`Whether the agents collect these attributes; default ${standard}`)),
  )
}

const prefixes = v.array(
  v.pipe(v.string(), v.nonEmpty('Cannot use an empty prefix, it would match everything: name one')),
)
const url = v.pipe(v.string(), v.nonEmpty(), v.maxLength(URL_MAX_LENGTH))
const sigstore = v.optional(
  v.pipe(
    v.looseObject({}),
    v.description('Image verification, done by the upstream agents and not read by the gateway'),
  ),
)
const socketPath = v.optional(
  v.pipe(
    v.string(),
    v.description('Where the agents find the container runtime: unix:///path, not read by the gateway'),
  ),
)

const specSchema = v.strictObject({
  kubernetes: v.optional(
    v.strictObject({
      enabled: defineToggle(true),
      includeAnnotationPrefixes: v.optional(
        v.pipe(prefixes, v.description('Prefixes of the annotations that become attributes; [], the default, is none')),
      ),
      sigstore,
    }),
  ),
  docker: v.optional(
    v.strictObject({
      enabled: defineToggle(false),
      dockerSocketPath: socketPath,
      podmanSocketPath: socketPath,
      podmanSocketPathTemplate: socketPath,
      includeEnvVars: v.optional(
        v.pipe(prefixes, v.description('Prefixes of the environment variables that become attributes; case matters')),
      ),
      sigstore,
    }),
  ),
  linux: v.optional(
    v.strictObject({
      enabled: defineToggle(true),
      discoverWorkloadPath: v.optional(v.pipe(v.boolean(), v.description('Whether linux.binary.path is collected'))),
    }),
  ),
  systemd: v.optional(v.strictObject({ enabled: defineToggle(false) })),
  jwt: v.optional(
    v.strictObject({
      enabled: defineToggle(false),
      allowedIssuers: v.optional(
        v.pipe(
          v.array(
            v.strictObject({
              issuer: v.pipe(url, v.description('Expected iss; discovery starts here unless jwksURI is set')),
              jwksURI: v.optional(v.pipe(url, v.description('Key set; then iss is matched literally'))),
            }),
          ),
          v.nonEmpty('Cannot allow no issuer: name at least one, or set jwt.enabled to false and remove the field'),
          v.description('Issuers of the tokens that workloads may present'),
        ),
      ),
    }),
  ),
})

type Spec = v.InferOutput<typeof specSchema>

export const workloadAttestation: SectionRow<WorkloadAttestation> = defineSection({
  scope: 'cluster',
  description: 'What the agents of a cluster collect of workloads',
  spec: specSchema,
  compile(spec, _context, report) {
    const { kubernetes, docker, linux, systemd, jwt } = DEFAULT_WORKLOAD_ATTESTATION
    checkSockets(spec.docker, report)
    checkIssuers(spec.jwt, report)
    return {
      kubernetes: {
        enabled: spec.kubernetes?.enabled ?? kubernetes.enabled,
        includeAnnotationPrefixes: spec.kubernetes?.includeAnnotationPrefixes ?? kubernetes.includeAnnotationPrefixes,
      },
      docker: {
        enabled: spec.docker?.enabled ?? docker.enabled,
        includeEnvVars: spec.docker?.includeEnvVars ?? docker.includeEnvVars,
      },
      linux: {
        enabled: spec.linux?.enabled ?? linux.enabled,
        discoverWorkloadPath: spec.linux?.discoverWorkloadPath ?? linux.discoverWorkloadPath,
      },
      systemd: { enabled: spec.systemd?.enabled ?? systemd.enabled },
      jwt: {
        enabled: spec.jwt?.enabled ?? jwt.enabled,
        allowedIssuers: spec.jwt?.allowedIssuers ?? jwt.allowedIssuers,
      },
    }
  },
})

function checkSockets(docker: Spec['docker'], report: Report): void {
  for (const field of ['dockerSocketPath', 'podmanSocketPath', 'podmanSocketPathTemplate'] as const) {
    const text = docker?.[field]
    if (text === undefined) continue
    const path = ['docker', field]
    if (!text.startsWith('unix:///')) {
      const message = `Cannot use ${quoteText(text)} as a socket: write unix:/// and its path`
      report({ code: 'value_invalid', path, message })
    }
    if (field === 'podmanSocketPathTemplate' && text.split('%d').length !== 2) {
      const message = `Cannot use ${quoteText(text)} as a template: it needs %d, the user's id, exactly once`
      report({ code: 'value_invalid', path, message })
    }
  }
}

function checkIssuers(jwt: Spec['jwt'], report: Report): void {
  if (jwt?.enabled === true && jwt.allowedIssuers === undefined) {
    const message = 'Cannot collect attributes of tokens without an issuer: add allowedIssuers'
    report({ code: 'field_missing', path: ['jwt', 'allowedIssuers'], message })
  }
  const issuers = new Set<string>()
  for (const [index, { issuer, jwksURI }] of (jwt?.allowedIssuers ?? []).entries()) {
    const path = ['jwt', 'allowedIssuers', index]
    checkHttps(issuer, (issue) => report({ ...issue, path: [...path, 'issuer'] }))
    if (jwksURI !== undefined) checkHttps(jwksURI, (issue) => report({ ...issue, path: [...path, 'jwksURI'] }))
    if (issuers.has(issuer)) {
      const message = `Cannot list the issuer ${quoteText(issuer)} twice: one issuer has one source of keys`
      report({ code: 'key_source_conflict', path: [...path, 'issuer'], message })
    }
    issuers.add(issuer)
  }
}

/** The agents fetch from here, from inside their networks: private addresses are theirs to reach, and not ours. */
function checkHttps(text: string, report: Report): void {
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return
  report({ code: 'url_forbidden', path: [], message: `Cannot use ${quoteText(text)}: write a URL with https` })
}
