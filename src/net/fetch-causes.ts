// Why an issuer's discovery document or key set could not be fetched: each cause with its message and next step for the
// operator. The only table: refusals' audit facts, the status and docs/issuer-failures.md are generated from it. A
// caller never reads these messages: an unsigned token can cause a fetch, and hosts and certificates belong to the
// deployment.

import type { CauseRow } from './cause-row.ts'

const INLINE = 'or give the keys inline (jwks)'
const BY_HAND = 'fetch the URL with curl from where the gateway runs'
const ANONYMOUS = `bind the ClusterRole system:service-account-issuer-discovery to the group system:unauthenticated, ${INLINE}`
const SOUND = 'have the issuer serve plain JSON at this URL'
const EDGE = "Cloudflare's"

export const FETCH_CAUSES = {
  name_unresolved: {
    what: 'could not be fetched: its host name does not resolve',
    next: 'check the spelling of the URL, and that the DNS of the gateway knows the name',
    codes: ['ENOTFOUND', 'ENODATA', 'ENONAME'],
    isConnection: true,
  },
  dns_unavailable: {
    what: 'could not be fetched: the DNS gave no answer for its host name',
    next: 'check the resolver of the gateway (resolv.conf, CoreDNS); the name itself may be right',
    codes: ['EAI_*', 'ESERVFAIL', 'EREFUSED', 'ETIMEOUT'],
    isConnection: true,
  },
  address_private: {
    what: 'could not be fetched: its host has no public address',
    next: `on Node and Deno list {origin} in PRIVATE_ISSUERS; Workers reach public addresses only: on Workers give the keys inline (jwks)`,
    codes: ['ERR_ADDRESS_NOT_PUBLIC'],
  },
  connection_refused: {
    what: 'could not be fetched: the connection was refused',
    next: 'check the port, that the issuer runs, and firewalls that reject',
    codes: ['ECONNREFUSED'],
    isConnection: true,
  },
  host_unreachable: {
    what: 'could not be fetched: there is no route to its host',
    next: 'check the network of the gateway: routes, network policies, IPv6 without a gateway',
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'EADDRNOTAVAIL'],
    isConnection: true,
  },
  connection_reset: {
    what: 'could not be fetched: the connection was closed before an answer',
    next: 'check that the URL has the right scheme and port, and what is on the way: balancers, service meshes, firewalls',
    codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_NO_ANSWER', 'UND_ERR_SOCKET'],
    isConnection: true,
  },
  connection_lost: {
    what: 'could not be fetched: the connection was refused, or lost before an answer (Workers do not distinguish the two)',
    next: `check the port, that the issuer runs, and firewalls on the way`,
    messages: ['Network connection lost'],
    isConnection: true,
  },
  connect_timeout: {
    what: 'could not be fetched: the connection timed out (after at most {millis} ms)',
    next: 'check firewalls and network policies, which drop packets silently, and the resolver of the gateway',
    codes: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
    isConnection: true,
  },
  answer_timeout: {
    what: 'could not be fetched: no answer within {millis} ms',
    next: `check why the issuer is slow: ${BY_HAND}`,
    shows: 'our time-out, before the headers; Workers cannot distinguish it from connect_timeout',
  },
  body_timeout: {
    what: 'was not complete within {millis} ms',
    next: `check why the issuer, or a proxy on the way, sends slowly: ${BY_HAND}`,
    shows: 'our time-out, after the headers',
  },
  body_cut: {
    what: 'was cut off: the connection ended in the middle of the body',
    next: 'check what ends the transfer: a balancer, a proxy, or an issuer that restarts',
    shows: 'connection_reset or connection_lost, after the headers',
  },
  not_http: {
    what: 'could not be fetched: the answer is not HTTP',
    next: 'check the port and the scheme of the URL',
    codes: ['HPE_*'],
  },
  headers_too_large: {
    what: 'could not be fetched: the headers of the answer are too large',
    next: 'have the issuer, or the proxy in front of it, send fewer headers',
    codes: ['HPE_HEADER_OVERFLOW', 'UND_ERR_HEADERS_OVERFLOW'],
  },
  host_exhausted: {
    what: 'could not be fetched: the gateway has no free file descriptor or memory',
    next: 'raise the limits of the gateway (ulimit -n), and check what keeps its connections open',
    codes: ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'],
  },
  not_permitted: {
    what: 'could not be fetched: the runtime does not let the gateway connect',
    next: 'start Deno by its task (deno task serve), with --allow-net; check seccomp and security modules',
    codes: ['NotCapable', 'PermissionDenied', 'ERR_ACCESS_DENIED', 'EACCES', 'EPERM'],
  },
  unreachable: {
    what: 'could not be fetched: the runtime of the gateway reports no reason',
    next: `${BY_HAND}; on Workers this is a name that does not resolve, or a certificate that is not trusted`,
    messages: ['internal error'],
    shows: 'any other error',
    isConnection: true,
  },
  certificate_unknown_authority: {
    what: 'could not be fetched: its certificate is signed by an unknown authority',
    next: `on Node and Deno set NODE_EXTRA_CA_CERTS to a PEM file of that authority and restart, or have the issuer send its intermediate certificates; on Workers use a public authority, ${INLINE}`,
    codes: ['UNABLE_TO_VERIFY_LEAF_*', 'UNABLE_TO_GET_ISSUER_CERT*', 'DEPTH_ZERO_*', 'SELF_SIGNED_*', 'CERT_UNTRUSTED'],
    isConnection: true,
  },
  certificate_wrong_name: {
    what: 'could not be fetched: its certificate is for another name ({names})',
    next: 'use a URL whose host is among the subject alternative names, or have the issuer renew the certificate with this name',
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
  },
  certificate_expired: {
    what: 'could not be fetched: its certificate has expired',
    next: 'have the issuer renew its certificate; check the clock of the gateway',
    codes: ['CERT_HAS_EXPIRED'],
  },
  certificate_not_yet_valid: {
    what: 'could not be fetched: its certificate is not yet valid',
    next: 'check the clock of the gateway, then that of the authority',
    codes: ['CERT_NOT_YET_VALID'],
  },
  certificate_rejected: {
    what: 'could not be fetched: its certificate is not acceptable',
    next: 'look at the chain with openssl s_client: purpose, signature algorithm, key size, revocation',
    codes: ['CERT_*', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED', 'CRL_*', 'UNABLE_TO_*'],
  },
  tls_failed: {
    what: 'could not be fetched: the TLS handshake failed',
    next: 'check that the port speaks TLS 1.2 or 1.3 and asks for no client certificate',
    codes: ['EPROTO', 'ERR_SSL_*', 'ERR_TLS_*', 'ERR_OSSL_*'],
  },
  // Statuses
  redirected: {
    what: 'answered {status}, a redirect to {location}: redirects are not followed',
    next: 'name the final URL in the policy (issuerURL as the token has it, jwksURI for keys elsewhere); a login page in the way must let this path through',
    shows: 'status 300 to 399',
  },
  unauthorized: {
    what: 'answered 401: it requires credentials',
    next: `the gateway sends none: let kube-apiserver accept anonymous requests (--anonymous-auth) and ${ANONYMOUS}`,
    statuses: [401],
  },
  forbidden: {
    what: 'answered 403: anonymous discovery is off',
    next: `on Kubernetes ${ANONYMOUS}; elsewhere check the web application firewall in front of the issuer`,
    statuses: [403],
  },
  not_found: {
    what: 'answered {status}: there is nothing at this URL',
    next: 'check issuerURL (its path too) or jwksURI; with EKS, GKE and AKS take the issuer as the cloud states it',
    statuses: [404, 410],
  },
  not_acceptable: {
    what: 'answered 406: it cannot serve what the Accept header asks for',
    next: 'have the issuer serve a key set as application/jwk-set+json or application/json, a discovery document as application/json',
    statuses: [406],
  },
  rate_limited: {
    what: 'answered 429: too many requests',
    next: 'have the issuer let the gateway fetch its keys more often; the gateway honours its Retry-After',
    statuses: [429],
  },
  server_error: {
    what: 'answered {status}: the issuer has failed',
    next: 'check the log of the issuer, or of the load balancer in front of it',
    shows: 'status 500 to 599, except those below',
  },
  edge_answer_invalid: {
    what: `answered 520: the issuer's own server gave no valid answer to Cloudflare`,
    next: 'look for crashes, empty answers and headers that are too large at the server behind Cloudflare',
    statuses: [520],
  },
  edge_refused: {
    what: `answered 521: the issuer's own server refuses ${EDGE} connections`,
    next: `check that the server runs, and lets ${EDGE} addresses in`,
    statuses: [521],
  },
  edge_connect_timeout: {
    what: `answered 522: ${EDGE} connection to the issuer's own server timed out`,
    next: `check that its firewall lets ${EDGE} addresses in`,
    statuses: [522],
  },
  edge_unreachable: {
    what: `answered 523: Cloudflare finds no route to the issuer's own server`,
    next: 'check the DNS record and the network of the server',
    statuses: [523],
  },
  edge_answer_timeout: {
    what: `answered 524: the issuer's own server did not answer Cloudflare in time`,
    next: 'check why the server is slow',
    statuses: [524],
  },
  edge_tls_failed: {
    what: `answered 525: Cloudflare and the issuer's own server could not agree on TLS`,
    next: 'check that the server speaks TLS at this port and has a certificate for this name',
    statuses: [525],
  },
  edge_certificate_invalid: {
    what: `answered 526: Cloudflare does not accept the certificate of the issuer's own server`,
    next: `have it serve a certificate of a public authority, unexpired and for this name, ${INLINE}`,
    statuses: [526],
  },
  edge_name_unresolved: {
    what: `answered 530: Cloudflare cannot resolve the name of the issuer's own server`,
    next: 'check the spelling of the URL, and that the name is in the public DNS',
    statuses: [530],
  },
  status_unexpected: { what: 'answered {status} instead of 200', next: BY_HAND, shows: 'any other status' },
  // Bodies
  too_large: {
    what: 'is larger than {bytes} bytes',
    next: `have the issuer withdraw keys that it no longer uses, ${INLINE}`,
    shows: 'bytes counted as they arrive',
  },
  html: {
    what: 'is HTML or XML instead of JSON (Content-Type {contentType})',
    next: 'check the URL, and that no login page, captive portal or error page answers instead of the issuer',
    shows: 'a body that begins with <',
  },
  body_empty: { what: 'is empty', next: SOUND, shows: 'no bytes, or white space' },
  coding_unsupported: {
    what: 'has the content coding {coding}, which is not supported',
    next: 'have the issuer, or the proxy in front of it, send gzip, deflate, br, or no Content-Encoding',
    shows: 'another Content-Encoding, or several',
  },
  coding_broken: {
    what: 'is compressed, but cannot be decompressed (Content-Encoding {coding})',
    next: 'have the issuer, or the proxy in front of it, send what its Content-Encoding says, or none',
    codes: ['Z_*', 'ERR_ZLIB_*', 'ERR_BROTLI_*', 'ERR__ERROR_*'],
    messages: ['Gzip decompression failed', 'Brotli decompression failed'],
    shows: 'a Content-Encoding, and a body that is not JSON',
  },
  compressed: {
    what: 'is compressed without a Content-Encoding that says so',
    next: 'have the issuer send Content-Encoding: gzip, or plain JSON: often a stored .gz file is served as it is',
    shows: 'a body that begins with 1F 8B',
  },
  byte_order_mark: {
    what: 'begins with a byte order mark',
    next: 'have the issuer write it as UTF-8 without one (RFC 8259 section 8.1)',
    shows: 'a body that begins with EF BB BF, FE FF or FF FE',
  },
  not_utf8: {
    what: 'is not UTF-8: the first invalid byte is at offset {byte}',
    next: 'have the issuer write it as UTF-8 (RFC 8259 section 8.1)',
    shows: 'a strict decoder',
  },
  json_syntax: {
    what: 'is not JSON: syntax error at line {line}, column {column}',
    next: SOUND,
    shows: 'the JSON reader',
  },
  json_member_duplicate: {
    what: 'has a duplicate member at line {line}, column {column}',
    next: 'have the issuer write each member once: two readers may take different values',
    shows: 'the JSON reader',
  },
  json_too_deep: {
    what: 'is nested too deeply at line {line}, column {column}',
    next: SOUND,
    shows: 'the JSON reader',
  },
  json_number_unsafe: {
    what: 'has a number at line {line}, column {column} that a double cannot hold',
    next: 'have the issuer write large numbers as strings',
    shows: 'the JSON reader',
  },
  json_surrogate_unpaired: {
    what: 'has a string with an unpaired surrogate at line {line}, column {column}',
    next: SOUND,
    shows: 'the JSON reader',
  },
  url_forbidden: {
    what: 'is at a URL that may not be fetched: {reason}',
    next: `have the policy name a key set that may be fetched (jwksURI), ${INLINE}`,
    shows: 'the URL policy',
  },
  discovery_not_an_object: { what: 'is JSON, but not an object', next: SOUND, shows: 'contents' },
  issuer_mismatch: {
    what: 'names another issuer ({named})',
    next: `write issuerURL exactly as the issuer names itself (a slash at the end counts), or name the key set (jwksURI)`,
    shows: 'contents',
  },
  jwks_uri_missing: {
    what: 'has no jwks_uri',
    next: `name the key set in the policy (jwksURI), ${INLINE}`,
    shows: 'contents',
  },
  jwks_origin_forbidden: {
    what: 'places the key set at another origin than the issuer ({named})',
    next: 'if that origin is trusted, name the key set in the policy (jwksURI)',
    shows: 'contents',
  },
  not_a_key_set: {
    what: 'has no array "keys"',
    next: 'check that jwksURI names the key set, not the discovery document',
    shows: 'contents',
  },
} as const satisfies Record<string, CauseRow>

export type FetchCause = keyof typeof FETCH_CAUSES
