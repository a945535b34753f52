// The documents for relying parties: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5.
import * as v from 'valibot'
import { anyObject, defineList } from './shapes.ts'

export const discoverySchema = v.object({
  issuer: v.string(),
  authorization_endpoint: v.string(),
  jwks_uri: v.string(),
  response_types_supported: defineList(v.string()),
  subject_types_supported: defineList(v.string()),
  id_token_signing_alg_values_supported: defineList(v.string()),
  claims_supported: defineList(v.string()),
})

export const keySetSchema = v.object({ keys: defineList(anyObject) })

export type Discovery = v.InferOutput<typeof discoverySchema>
export type KeySet = v.InferOutput<typeof keySetSchema>
