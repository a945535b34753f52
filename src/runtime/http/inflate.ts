// `gzip` and `deflate` undone by the platform's DecompressionStream, in bounded memory. That stream takes whatever is
// written at once, however much it makes of it; so it is given little at a time, and nothing while output is at hand.
import { INFLATE_PIECE_BYTES } from '../../core/limits.ts'
import { type Coding, makeContentError } from '../../net/content-coding.ts'

export type Bytes = Uint8Array<ArrayBuffer>

/** The decoded stream. It fails with a `makeContentError` where the content is damaged, and with `body`'s error else. */
export function inflate(body: ReadableStream<Bytes>, coding: Exclude<Coding, 'br'>): ReadableStream<Bytes> {
  const source = body.getReader()
  const decoder = new DecompressionStream(coding)
  const writer = decoder.writable.getWriter()
  const output = (decoder.readable as ReadableStream<Bytes>).getReader()
  let chunk: Bytes | undefined
  let fed: Promise<undefined> = Promise.resolve(undefined)
  let read: Promise<ReadableStreamReadResult<Bytes>> | undefined

  /** Resolves once the decoder has taken the next piece; never after the last one. */
  async function feed(): Promise<undefined> {
    if (chunk === undefined || chunk.length === 0) {
      const next = await source.read()
      if (next.done) {
        await nameDamage(writer.close())
        return new Promise(() => undefined)
      }
      chunk = next.value
    }
    const piece = chunk.subarray(0, INFLATE_PIECE_BYTES)
    chunk = chunk.subarray(INFLATE_PIECE_BYTES)
    await nameDamage(writer.write(piece))
    return undefined
  }

  function nameDamage<T>(work: Promise<T>): Promise<T> {
    return work.catch(() => {
      // A stream that has failed is not cancelled any more: the connection would stay open.
      source.cancel().catch(() => undefined)
      throw makeContentError({ kind: 'coding_broken', coding })
    })
  }

  return new ReadableStream<Bytes>({
    async pull(controller) {
      for (;;) {
        read ??= ignoreRejection(nameDamage(output.read()))
        const result = await Promise.race([read, fed])
        if (result === undefined) fed = ignoreRejection(feed())
        else {
          read = undefined
          if (result.done) controller.close()
          else controller.enqueue(result.value)
          return
        }
      }
    },
    async cancel(reason) {
      output.cancel(reason).catch(() => undefined)
      await source.cancel(reason)
    },
  })
}

/** Of two that fail together one is not waited for any more: that is no unhandled rejection. */
function ignoreRejection<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}
