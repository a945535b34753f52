// The metadata services of clouds. Their addresses are constants and reached without a proxy: an address from the environment, or
// a proxy, would let somebody else hand the machine an identity, or read its tokens.
import { Agent, request } from 'node:http'
import { METADATA_ANSWER_MAX_BYTES, METADATA_TIMEOUT_MILLIS } from '../../core/limits.ts'

export interface MetadataAddresses {
  /** Of EC2 and of Azure. */
  readonly linkLocal: string
  readonly google: string
}

export const METADATA: MetadataAddresses = {
  linkLocal: 'http://169.254.169.254',
  google: 'http://metadata.google.internal',
}

/** Evidence that could not be collected; the message names what was asked and what to do. */
export class CollectError extends Error {
  override readonly name = 'CollectError'
}

/** @throws {CollectError} if the service does not answer with 200 within {@link METADATA_TIMEOUT_MILLIS} */
export function askMetadata(
  url: string,
  { method = 'GET', headers }: { readonly method?: 'GET' | 'PUT'; readonly headers: Readonly<Record<string, string>> },
): Promise<string> {
  return new Promise((answer, fail) => {
    const failWith = (why: string): void =>
      fail(new CollectError(`the metadata service at ${new URL(url).host} ${why}`))
    const agent = new Agent({ proxyEnv: {} })
    const sent = request(url, { method, headers, agent, timeout: METADATA_TIMEOUT_MILLIS }, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= METADATA_ANSWER_MAX_BYTES) chunks.push(chunk)
        else sent.destroy(new Error('its answer is too large'))
      })
      response.on('end', () => {
        // A redirect would lead the request elsewhere.
        if (response.statusCode !== 200) failWith(`answered ${response.statusCode} to ${new URL(url).pathname}`)
        else answer(Buffer.concat(chunks).toString('utf8'))
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`did not answer within ${METADATA_TIMEOUT_MILLIS} ms`)))
    sent.on('error', ({ message }) => failWith(`cannot be asked: ${message}. Is this a machine of that cloud?`))
    sent.end()
  })
}
