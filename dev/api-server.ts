// The OIDC side of kube-apiserver: who may read its two documents, and in which media types. As strict as the real one,
// which is go-restful's router with Kubernetes' registration (kubernetes/kubernetes pkg/routes/openidmetadata.go).
import type { IncomingMessage } from 'node:http'

export const DISCOVERY_PATH = '/.well-known/openid-configuration'
export const KEYS_PATH = '/openid/v1/jwks'

/** What each path produces, and all that it produces. */
export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  [DISCOVERY_PATH]: 'application/json',
  [KEYS_PATH]: 'application/jwk-set+json',
}

/** `cacheControlTemplate` of the registration, with its default age. */
export const CACHE_CONTROL = 'public, max-age=3600'

/**
 * Who may read: everybody; callers with a token only (`--anonymous-auth=false`); or subjects that a binding of the cluster role
 * `system:service-account-issuer-discovery` names, `system:anonymous` not among them.
 */
export type Access = 'anonymous' | 'authenticated' | 'bound'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * What kube-apiserver answers instead of the document of media type `type`; `undefined` where it serves it. In its order:
 * authentication, authorization, method, media type.
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
  // Of several lines Go's `Header.Get` reads the first.
  if (isAccepted(request.headersDistinct['accept']?.[0], type)) return undefined
  return status(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${type}`)
}

/**
 * Whether a route that produces `type` matches the `Accept` value: go-restful's `Route.matchesAccept` (route.go) behind
 * `RouterJSR311.detectRoute` (jsr311.go), which is no content negotiation by RFC 9110: case counts, a quality does not,
 * be it 0, and of ranges only the full one is known.
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
