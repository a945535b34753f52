// Errors as the hosts throw them, in the shapes that were met there.
import { describe, expect, it } from 'vitest'
import { FETCH_ERROR_NESTING_MAX } from '../../src/core/limits.ts'
import { type FetchPhase, recogniseError, recogniseStatus } from '../../src/net/recognise-error.ts'

const coded = (code: string, more: object = {}): object => Object.assign(new Error('secret'), { code, ...more })
const said = (message: string, name = 'Error'): object => Object.assign(new Error(message), { name })

describe('recogniseError()', () => {
  it.each<[string, unknown, string, FetchPhase?]>([
    ['a name that does not resolve', coded('ENOTFOUND'), 'name_unresolved'],
    ['a resolver that does not answer', coded('EAI_AGAIN'), 'dns_unavailable'],
    ['a refused port', coded('ECONNREFUSED'), 'connection_refused'],
    [
      'the same at several addresses',
      coded('', { errors: [coded('ECONNREFUSED'), coded('EHOSTUNREACH')] }),
      'connection_refused',
    ],
    ['the same below fetch', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 'connection_refused'],
    ['no route', coded('EHOSTUNREACH'), 'host_unreachable'],
    ['no IPv6', coded('ENETUNREACH'), 'host_unreachable'],
    ['a reset', coded('ECONNRESET'), 'connection_reset'],
    ['a reset in the body', coded('ECONNRESET'), 'body_cut', 'body'],
    ['the time-out of the system', coded('ETIMEDOUT'), 'connect_timeout'],
    ['our own address policy', coded('ERR_ADDRESS_NOT_PUBLIC'), 'address_private'],
    ['too many open files', coded('EMFILE'), 'host_exhausted'],
    ['no HTTP', coded('HPE_INVALID_CONSTANT'), 'not_http'],
    ['headers without end', coded('HPE_HEADER_OVERFLOW'), 'headers_too_large'],
    ['an authority in the middle', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'certificate_unknown_authority'],
    ['an authority that is not sent', coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'certificate_unknown_authority'],
    ['another fault of a chain', coded('CERT_SIGNATURE_FAILURE'), 'certificate_rejected'],
    ['another fault that openssl has a word for', coded('UNABLE_TO_GET_CRL'), 'certificate_rejected'],
    ['no TLS on Node', coded('EPROTO'), 'tls_failed'],
    ['no TLS on Deno', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls_failed'],
    ['a permission on Deno', said('Requires net access', 'NotCapable'), 'not_permitted'],
    ['broken gzip on Node', coded('Z_DATA_ERROR'), 'coding_broken', 'body'],
    ['a connection on Workers', said('Network connection lost.'), 'connection_lost'],
    ['the same in the body', said('Network connection lost.'), 'body_cut', 'body'],
    ['broken gzip on Workers', said('Gzip decompression failed.', 'TypeError'), 'coding_broken', 'body'],
    ['what Workers do not tell', said('internal error; reference = 0123'), 'unreachable'],
    ['an error without anything', new Error('secret'), 'unreachable'],
    ['no error', undefined, 'unreachable'],
    ['null', null, 'unreachable'],
    ['a message that is no string', { message: 7 }, 'unreachable'],
    ['a code that is no string', coded('', { code: 7 }), 'unreachable'],
    ['a member of every object', coded('constructor'), 'unreachable'],
  ])('knows %s', (_what, error, kind, phase = 'connect') => {
    expect(recogniseError(error, phase).kind).toBe(kind)
  })

  it.each([
    [FETCH_ERROR_NESTING_MAX - 1, 'connection_refused'],
    [FETCH_ERROR_NESTING_MAX, 'unreachable'],
  ])('looks below %i errors for a known one', (above, kind) => {
    let error: unknown = coded('ECONNREFUSED')
    for (let level = 0; level < above; level++) error = new Error('fetch failed', { cause: error })
    expect(recogniseError(error, 'connect').kind).toBe(kind)
  })

  it('ends at an error that is its own cause', () => {
    const error = new Error('round')
    error.cause = error
    expect(recogniseError(error, 'answer').kind).toBe('unreachable')
  })

  it('quotes the names of a certificate, which are the other side to choose', () => {
    const cert = { subjectaltname: `DNS:\u001b[31m${'x'.repeat(500)}` }
    const { facts } = recogniseError(coded('ERR_TLS_CERT_ALTNAME_INVALID', { cert }), 'connect')
    expect(facts['names']).toMatch(/^"DNS:\\u001b\[31mx+"… \(\d+ more characters\)$/)
  })
})

describe('the names of a certificate', () => {
  it.each([[undefined], [null], ['x'], [{}], [{ subjectaltname: 7 }]])('are not reported by %j', (cert) => {
    const { facts } = recogniseError(coded('ERR_TLS_CERT_ALTNAME_INVALID', { cert }), 'connect')
    expect(facts).toEqual({ names: 'not reported by this host' })
  })
})

describe('recogniseStatus()', () => {
  it.each([
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [406, 'not_acceptable'],
    [429, 'rate_limited'],
    [499, 'status_unexpected'],
    [500, 'server_error'],
    [520, 'edge_answer_invalid'],
    [526, 'edge_certificate_invalid'],
    [527, 'server_error'],
    [530, 'edge_name_unresolved'],
    [599, 'server_error'],
    [600, 'status_unexpected'],
  ])('%d', (status, kind) => expect(recogniseStatus(status)).toBe(kind))
})
