// `k8s_token`: a projected service account token of a Kubernetes cluster, verified against the keys of its OIDC issuer.
// Verification by keys cannot see that a pod was deleted (only TokenReview can), so lifetimes are capped, and tokens
// that the API server extended to a year are refused.
import { oidcAttestor } from '../oidc/oidc-attestor.ts'
import { describeBinding, explainLegacy, listBindingAttributes, readBinding, restoreBinding } from './binding.ts'
import { readClaimedBinding } from './claimed.ts'
import { compileK8sToken } from './config.ts'
import { k8sTokenConfigSchema } from './config-schema.ts'
import { checkBinding } from './pins.ts'

export const k8sToken = oidcAttestor({
  type: 'k8s_token',
  words: {
    evidence: 'a service account token',
    summary:
      'A projected service account token, verified by the keys of the OIDC issuer of its cluster. It proves the namespace, the service account and, where the token is bound to them, the pod and the node. A pod that was deleted keeps a valid token until it expires.',
    unscoped: {
      admits: 'pods that are not agents could log in',
      next: 'set serviceAccountNamespace and serviceAccountName, or require a second attestor',
    },
  },
  reissue: {
    how: 'cached',
    words: 'a projected token in a file is the same one until four fifths of its lifetime have passed, at most 24 h',
    fresh: 'have agents request a token for each login (TokenRequest), or remove singleUse',
  },
  configSchema: k8sTokenConfigSchema,
  form: 'a bound service account token',
  keys: (config) => config,
  compile: compileK8sToken,
  read: readBinding,
  explainMalformed: explainLegacy,
  describe: describeBinding,
  checks: checkBinding,
  attributes: listBindingAttributes,
  restore: restoreBinding,
  readClaimed: readClaimedBinding,
})
