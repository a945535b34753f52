// What relying parties read: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5.
import * as v from 'valibot'
import { anyObject, listOf } from './shapes.ts'

export const discoverySchema = v.object({
  issuer: v.string(),
  authorization_endpoint: v.string(),
  jwks_uri: v.string(),
  response_types_supported: listOf(v.string()),
  subject_types_supported: listOf(v.string()),
  id_token_signing_alg_values_supported: listOf(v.string()),
  claims_supported: listOf(v.string()),
})

export const keySetSchema = v.object({ keys: listOf(anyObject) })

export type Discovery = v.InferOutput<typeof discoverySchema>
export type KeySet = v.InferOutput<typeof keySetSchema>
