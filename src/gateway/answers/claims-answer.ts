// The answer to a claims request: for each workload its identity, or the refusal.
import * as v from 'valibot'
import { type Configuration, configurationSchema, defineList, integer } from './shapes.ts'

const warnings = v.exactOptional(defineList(v.object({ code: v.string(), detail: v.string() })))

/** What an issuer puts into the SVIDs of an identity. */
export const svidFields = {
  jwt: v.object({
    ttlSeconds: integer,
    claims: v.record(v.string(), v.union([v.string(), defineList(v.string())])),
  }),
  x509: v.object({ ttlSeconds: integer, dnsNames: defineList(v.string()), subject: v.exactOptional(v.string()) }),
}

export const identitySchema = v.object({
  id: v.string(),
  spiffeId: v.pipe(v.string(), v.url()),
  policy: v.object({
    source: v.picklist(['policy', 'override', 'default']),
    /** The index of the override. */
    index: v.exactOptional(integer),
  }),
  ...svidFields,
  warnings,
})

export const workloadErrorSchema = v.object({
  id: v.string(),
  error: v.object({
    code: v.string(),
    detail: v.string(),
    attribute: v.exactOptional(v.string()),
    surface: v.exactOptional(v.string()),
  }),
  warnings,
})

export const claimsAnswerSchema = v.object({
  results: defineList(v.union([identitySchema, workloadErrorSchema])),
  configuration: configurationSchema,
}) satisfies v.GenericSchema<ClaimsAnswer>

interface MappingWarning {
  readonly code: string
  readonly detail: string
}

/** What a workload is mapped to. */
export interface Identity {
  readonly id: string
  readonly spiffeId: string
  readonly policy: { readonly source: 'policy' | 'override' | 'default'; readonly index?: number }
  readonly jwt: { readonly ttlSeconds: number; readonly claims: Readonly<Record<string, string | readonly string[]>> }
  readonly x509: { readonly ttlSeconds: number; readonly dnsNames: readonly string[]; readonly subject?: string }
  readonly warnings?: readonly MappingWarning[]
}

export interface WorkloadError {
  readonly id: string
  readonly error: {
    readonly code: string
    readonly detail: string
    readonly attribute?: string
    readonly surface?: string
  }
  readonly warnings?: readonly MappingWarning[]
}

export interface ClaimsAnswer {
  readonly results: readonly (Identity | WorkloadError)[]
  readonly configuration: Configuration
}

/** For clients, which are told by whoever answers. */
export function isClaimsAnswer(value: unknown): value is ClaimsAnswer {
  return v.is(claimsAnswerSchema, value)
}
