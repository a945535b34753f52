// What an author may write for `k8s_token`: `issuerURL` as documented, and what we add so that a token can be pinned.
import * as v from 'valibot'
import { URL_MAX_LENGTH } from '../../core/limits.ts'
import { makeDurationForm, type StringForm, URL_FORM } from '../../core/string-form.ts'

const texts = v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.nonEmpty())

export const ACCOUNT_FORM: StringForm = {
  accepts: (text) => text.split(':').length === 2,
  words: 'namespace:name, for example spirl-system:spirl-agent',
}

/** A token that is good for less than a minute expires on its way. */
export const LIFETIME_MIN_SECONDS = 60
const LIFETIME_FORM = makeDurationForm(
  LIFETIME_MIN_SECONDS,
  Number.POSITIVE_INFINITY,
  'a duration of at least a minute, such as 1h or 30m',
)

export const k8sTokenConfigSchema = v.strictObject({
  issuerURL: v.pipe(
    v.string(),
    v.nonEmpty(),
    v.maxLength(URL_MAX_LENGTH),
    v.metadata({ form: URL_FORM }),
    v.description('OIDC issuer of the cluster, compared literally with the token, trailing slash included'),
  ),
  jwksURI: v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty(),
      v.maxLength(URL_MAX_LENGTH),
      v.metadata({ form: URL_FORM }),
      v.description('Key set of an issuer that cannot be discovered'),
    ),
  ),
  jwks: v.optional(v.pipe(v.looseObject({ keys: v.array(v.unknown()) }), v.description('Key set, inline'))),
  audiences: v.optional(v.pipe(texts, v.description('Accepted audiences, any one of them; they replace the default'))),
  serviceAccountNamespace: v.optional(
    v.pipe(v.string(), v.nonEmpty(), v.description('Namespace of the agent, exactly')),
  ),
  serviceAccountName: v.optional(
    v.pipe(v.string(), v.nonEmpty(), v.description('Service account of the agent, exactly')),
  ),
  allowedServiceAccounts: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty(), v.metadata({ form: ACCOUNT_FORM }))),
      v.nonEmpty(),
      v.description('`namespace:name`, any one of them; `*` is a wildcard'),
    ),
  ),
  allowedNodes: v.optional(v.pipe(texts, v.description('Node names, any one of them; `*` is a wildcard'))),
  requireBoundPod: v.optional(v.pipe(v.boolean(), v.description('Refuse tokens that are not bound to a pod'))),
  maxTokenLifetime: v.optional(
    v.pipe(
      v.string(),
      v.metadata({ form: LIFETIME_FORM }),
      v.description('Longest `exp - iat`, as a duration; default 24h'),
    ),
  ),
})

export type K8sTokenConfig = v.InferOutput<typeof k8sTokenConfigSchema>
