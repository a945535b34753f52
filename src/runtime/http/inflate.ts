// Decodes `gzip` and `deflate` with the platform's DecompressionStream in bounded memory. That stream expands everything
// that is written to it at once, so it gets small pieces, and none while it has unread output.
import { INFLATE_PIECE_BYTES } from '../../core/limits.ts'
import { type Coding, makeContentError } from '../../net/content-coding.ts'

export type Bytes = Uint8Array<ArrayBuffer>

/** Creates the decoded stream. It fails with a `makeContentError` if the content is damaged, otherwise with `body`'s error. */
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
      // Cancelling the failed output no longer cancels the source, and the connection would stay open: cancel it here.
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

/** If both promises fail, one of them is never awaited: marks its rejection as handled. */
function ignoreRejection<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}
