// The OIDC side of kube-apiserver: who may read its two documents, and in which media types. It is as strict as the real
// one, which is go-restful's router with Kubernetes' registration (kubernetes/kubernetes pkg/routes/openidmetadata.go).
import type { IncomingMessage } from 'node:http'

export const DISCOVERY_PATH = '/.well-known/openid-configuration'
export const KEYS_PATH = '/openid/v1/jwks'

/** The only media type that each path produces. */
export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  [DISCOVERY_PATH]: 'application/json',
  [KEYS_PATH]: 'application/jwk-set+json',
}

/** `cacheControlTemplate` of the registration, with its default age. */
export const CACHE_CONTROL = 'public, max-age=3600'

/**
 * Who may read: anonymous callers; callers with a token (`--anonymous-auth=false`); or subjects of a binding of the cluster
 * role `system:service-account-issuer-discovery`, which does not include `system:anonymous`.
 */
export type Access = 'anonymous' | 'authenticated' | 'bound'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The refusal of kube-apiserver for a request for a document of media type `type`; `undefined` if it serves the document.
 * Checks in kube-apiserver's order: authentication, authorization, method, media type.
 */
export function refuseAsApiServer(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>,
  type: string,
  access: Access = 'anonymous',
): Answered | undefined {
  if (access === 'authenticated') return status(401, 'Unauthorized', 'Unauthorized')
  if (access === 'bound') {
    const path = (request.url ?? '').split('?')[0]
    return status(403, 'Forbidden', `forbidden: User "system:anonymous" cannot get path "${path}"`)
  }
  if (request.method !== 'GET') {
    return status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
  // Go's `Header.Get` reads the first of several header lines.
  if (isAccepted(request.headersDistinct['accept']?.[0], type)) return undefined
  return status(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${type}`)
}

/**
 * Whether a route that produces `type` matches the `Accept` value: go-restful's `Route.matchesAccept` (route.go) behind
 * `RouterJSR311.detectRoute` (jsr311.go), which differs from content negotiation by RFC 9110: it is case-sensitive, ignores
 * qualities even if 0, and of ranges knows only the full one.
 */
export function isAccepted(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept === '') return true
  return accept.split(',').some((item) => {
    const [range = ''] = item.split(';')
    const name = range.replace(/^ +| +$/g, '')
    return name === '*/*' || name === type
  })
}

/** A `Status` object, as `NewGenericServerResponse` (apimachinery pkg/api/errors/errors.go) makes it of such an error. */
function status(code: number, reason: string, message: string): Answered {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details: {}, code }
  return {
    status: code,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' },
    body: `${JSON.stringify(body)}\n`,
  }
}
