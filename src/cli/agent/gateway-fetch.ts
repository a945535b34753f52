// `fetch` for the gateway on Node and Deno: with certificate authorities of one's own, and without a proxy that could read evidence.
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { ClientFetch } from '../../client/transport.ts'
import { CLIENT_ANSWER_MAX_BYTES } from '../../core/limits.ts'

/** @param ca certificate authorities as PEM, in place of those of the system */
export function createGatewayFetch(ca: string | undefined): ClientFetch {
  const authorities = ca === undefined ? {} : { ca }
  return (input, { method = 'GET', headers, body, signal }) =>
    new Promise((answer, fail) => {
      const url = new URL(input)
      const isTls = url.protocol === 'https:'
      const agent = isTls ? new HttpsAgent({ proxyEnv: {}, ...authorities }) : new HttpAgent({ proxyEnv: {} })
      const content = body === undefined || body === null ? undefined : String(body)
      const sentHeaders = {
        ...Object.fromEntries(new Headers(headers)),
        ...(body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...(content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }),
      }
      const options = { method, headers: sentHeaders, agent, ...(signal == null ? {} : { signal }) }
      const sent = (isTls ? httpsRequest : httpRequest)(url, options, (message) => {
        const chunks: Buffer[] = []
        let length = 0
        message.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > CLIENT_ANSWER_MAX_BYTES) sent.destroy(new Error('the answer is too large'))
          else chunks.push(chunk)
        })
        message.on('error', fail)
        message.on('end', () => {
          const received = new Headers()
          for (const [name, value] of Object.entries(message.headers))
            if (value !== undefined) received.set(name, String(value))
          const { statusCode = 502 } = message
          // A response of the platform has no status below 200.
          const status = statusCode < 200 || statusCode > 599 ? 502 : statusCode
          const isEmpty = status === 204 || status === 205 || status === 304
          answer(new Response(isEmpty ? null : new Uint8Array(Buffer.concat(chunks)), { status, headers: received }))
        })
      })
      sent.on('error', fail)
      sent.end(content)
    })
}
