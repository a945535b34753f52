// The body of an answer on Node and Deno, its content coding undone as it is read. Output comes in pieces of 16 KiB
// however much a piece of input expands to, and none is made that is not read: the reader's bound on bytes is the bound.
import type { IncomingMessage } from 'node:http'
import { pipeline, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { type Coding, makeContentError } from '../../net/content-coding.ts'

const DECODERS: Readonly<Record<Coding, () => Transform>> = {
  gzip: () => createGunzip(),
  // Bytes behind the end are refused, as workerd refuses them; gzip does so unasked.
  deflate: () => createInflate({ rejectGarbageAfterEnd: true }),
  br: () => createBrotliDecompress({ rejectGarbageAfterEnd: true }),
}

/** Read when asked, so that every failure of the transfer rejects a read and none is thrown in an event. */
export function readBody(
  message: IncomingMessage,
  coding: Coding | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (coding === undefined) return makeStream(message[Symbol.asyncIterator](), () => message.destroy())
  const decoder = DECODERS[coding]()
  // Each is destroyed with the other's error, so only the first to fail says what happened.
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
