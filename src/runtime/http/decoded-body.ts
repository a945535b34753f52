// Decodes the content coding of a response body on Node and Deno as it is read. Output comes in pieces of 16 KiB however
// much the input expands, and only on demand, so the reader's byte limit also limits decompression bombs.
import type { IncomingMessage } from 'node:http'
import { pipeline, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Coding, makeContentError } from '../../net/content-coding.ts'

const DECODERS: Readonly<Record<Coding, () => Transform>> = {
  gzip: () => createGunzip(),
  // Trailing bytes are refused, as on workerd; gzip refuses them by default.
  deflate: () => createInflate({ rejectGarbageAfterEnd: true }),
  br: () => createBrotliDecompress({ rejectGarbageAfterEnd: true }),
}

/**
 * Creates a stream of the decoded body. It reads on demand, so that a failure of the transfer rejects a read instead of
 * being thrown in an event, where it would end the process.
 */
export function readBody(
  message: IncomingMessage,
  coding: Coding | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (coding === undefined) return makeStream(message[Symbol.asyncIterator](), () => message.destroy())
  const decoder = DECODERS[coding]()
  // Each of the two is destroyed with the other's error, so only the first failure names the cause.
  let failed: 'transfer' | 'content' | undefined
  message.once('error', () => {
    failed ??= 'transfer'
  })
  decoder.once('error', () => {
    failed ??= 'content'
  })
  pipeline(message, decoder, () => undefined)
  return makeStream(
    decoder[Symbol.asyncIterator](),
    () => decoder.destroy(),
    (error) => (failed === 'content' ? makeContentError({ kind: 'coding_broken', coding }) : error),
  )
}

function makeStream(
  chunks: AsyncIterator<Uint8Array<ArrayBuffer>>,
  destroy: () => void,
  describe = (error: unknown): unknown => error,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        controller.error(describe(error))
      }
    },
    cancel: destroy,
  })
}
