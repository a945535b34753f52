// Section WorkloadAttestation: which workload attributes the agents collect. The gateway collects none; it must know
// which can arrive, so a template that needs one that never arrives is reported here and does not fail at issuance.
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

/** The settings of a cluster without this section. */
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
  v.pipe(v.string(), v.nonEmpty('Cannot use an empty prefix, which would match everything: write one')),
)
const url = v.pipe(v.string(), v.nonEmpty(), v.maxLength(URL_MAX_LENGTH))
const sigstore = v.optional(
  v.pipe(v.looseObject({}), v.description('Image verification by the upstream agents; the gateway does not read it')),
)
const socketPath = v.optional(
  v.pipe(
    v.string(),
    v.description('Socket of the container runtime, for the agents: unix:///path; the gateway does not read it'),
  ),
)

const specSchema = v.strictObject({
  kubernetes: v.optional(
    v.strictObject({
      enabled: defineToggle(true),
      includeAnnotationPrefixes: v.optional(
        v.pipe(
          prefixes,
          v.description('Prefixes of the annotations that become attributes; default [], no annotations'),
        ),
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
              jwksURI: v.optional(v.pipe(url, v.description('URL of the key set; if set, iss is compared literally'))),
            }),
          ),
          v.nonEmpty(
            'Cannot use an empty list of issuers: add at least one, or set jwt.enabled to false and remove the field',
          ),
          v.description('Issuers of the tokens that workloads may present'),
        ),
      ),
    }),
  ),
})

type Spec = v.InferOutput<typeof specSchema>

export const workloadAttestation: SectionRow<WorkloadAttestation> = defineSection({
  scopes: ['cluster'],
  description: 'Which workload attributes the agents of a cluster collect',
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
      const message = `Cannot use ${quoteText(text)} as a socket: expected unix:/// followed by a path`
      report({ code: 'value_invalid', path, message })
    }
    if (field === 'podmanSocketPathTemplate' && text.split('%d').length !== 2) {
      const message = `Cannot use ${quoteText(text)} as a template: expected %d, the user's id, exactly once`
      report({ code: 'value_invalid', path, message })
    }
  }
}

function checkIssuers(jwt: Spec['jwt'], report: Report): void {
  if (jwt?.enabled === true && jwt.allowedIssuers === undefined) {
    const message = 'Cannot collect attributes of tokens without allowed issuers: add allowedIssuers'
    report({ code: 'field_missing', path: ['jwt', 'allowedIssuers'], message })
  }
  const issuers = new Set<string>()
  for (const [index, { issuer, jwksURI }] of (jwt?.allowedIssuers ?? []).entries()) {
    const path = ['jwt', 'allowedIssuers', index]
    checkHttps(issuer, (issue) => report({ ...issue, path: [...path, 'issuer'] }))
    if (jwksURI !== undefined) checkHttps(jwksURI, (issue) => report({ ...issue, path: [...path, 'jwksURI'] }))
    if (issuers.has(issuer)) {
      const message = `Cannot list the issuer ${quoteText(issuer)} twice: an issuer may have only one source of keys. Remove one`
      report({ code: 'key_source_conflict', path: [...path, 'issuer'], message })
    }
    issuers.add(issuer)
  }
}

/** Only the agents fetch these URLs, from inside their own networks, so private addresses are allowed. */
function checkHttps(text: string, report: Report): void {
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return
  report({ code: 'url_forbidden', path: [], message: `Cannot use ${quoteText(text)}: expected an https URL` })
}
