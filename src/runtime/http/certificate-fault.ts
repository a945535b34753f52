// Distinguishes an expired certificate from one of an unknown authority. Node has an error code for each; Deno reports both
// as a chain that cannot be verified, although the operator's next step differs.
import { isIP, type LookupFunction } from 'node:net'
import { connect } from 'node:tls'

/** Deno's code for every chain that it cannot verify, and Node's for an unknown authority. */
const UNVERIFIED = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'

/** Creates an error with a `code`, as Node's system errors have. */
export function createCodedError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}

/**
 * Replaces `error` by a more precise one if the certificate at `url` has expired or is not yet valid. It reads the
 * certificate in a separate handshake, to addresses that `lookup` allows, and sends no data. The result only affects how
 * the failure is reported.
 */
export async function diagnoseCertificate(
  error: Error,
  url: URL,
  { lookup, signal }: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): Promise<Error> {
  if (!('code' in error) || error.code !== UNVERIFIED || signal.aborted) return error
  const dates = await readDates(url, lookup, signal)
  // `Date.parse` of an unreadable date is NaN, which compares as neither before nor after.
  if (Date.parse(dates.validTo) < Date.now()) return createCodedError('certificate has expired', 'CERT_HAS_EXPIRED')
  if (Date.parse(dates.validFrom) > Date.now())
    return createCodedError('certificate is not yet valid', 'CERT_NOT_YET_VALID')
  return error
}

interface CertificateDates {
  readonly validFrom: string
  readonly validTo: string
}

function readDates({ hostname, port }: URL, lookup: LookupFunction, signal: AbortSignal): Promise<CertificateDates> {
  return new Promise((done) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    // An IP address is not allowed as a server name (RFC 6066 section 3); Deno throws if it is given.
    const named = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port: Number(port || 443), lookup, ...named, rejectUnauthorized: false })
    const end = (validFrom = '', validTo = ''): void => {
      signal.removeEventListener('abort', abort)
      socket.destroy()
      done({ validFrom, validTo })
    }
    const abort = (): void => end()
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', abort)
    socket.once('close', abort)
    socket.once('secureConnect', () => {
      const { valid_from: validFrom, valid_to: validTo } = socket.getPeerCertificate()
      end(validFrom, validTo)
    })
  })
}
