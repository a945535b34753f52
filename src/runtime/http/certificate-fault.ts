// Which fault a certificate has. Node has a code for each; Deno says of one that has expired that it cannot be verified,
// like one of an unknown authority, and the next step of an operator is another.
import { isIP, type LookupFunction } from 'node:net'
import { connect } from 'node:tls'

/** Deno's code for every chain that it cannot build, and Node's for an unknown authority. */
const UNVERIFIED = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'

export function createCodedError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}

/**
 * `error`, or in its place the fault of the dates of the certificate that `url` shows, if that is what it may be. Looks at
 * the certificate in a handshake of its own, to addresses that `lookup` lets through, and sends nothing; it decides
 * nothing but what is said of the failure.
 */
export async function diagnoseCertificate(
  error: Error,
  url: URL,
  { lookup, signal }: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): Promise<Error> {
  if (!('code' in error) || error.code !== UNVERIFIED || signal.aborted) return error
  const dates = await readDates(url, lookup, signal)
  // `Date.parse` of what cannot be read is NaN, which is neither before nor after.
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
    // An address is no server name (RFC 6066 section 3), and Deno throws at one.
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
