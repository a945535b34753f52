// In workerd, whose DecompressionStream takes all that is written at once: here it is that the bound on memory must hold.
import { describe, expect, it } from 'vitest'
import { findContentFailure } from '../../src/net/content-coding.ts'
import { inflate } from '../../src/runtime/http/inflate.ts'

type Bytes = Uint8Array<ArrayBuffer>

const CHUNK_BYTES = 4096

async function compress(content: Bytes, format: 'gzip' | 'deflate'): Promise<Bytes> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream(format))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function makeSource(content: Bytes, end?: Error) {
  let at = 0
  const seen = { pulls: 0, isCancelled: false }
  const stream = new ReadableStream<Bytes>(
    {
      pull(controller) {
        if (at < content.length) {
          seen.pulls++
          controller.enqueue(content.slice(at, at + CHUNK_BYTES))
          at += CHUNK_BYTES
        } else if (end === undefined) controller.close()
        else controller.error(end)
      },
      cancel() {
        seen.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

describe.each(['gzip', 'deflate'] as const)('inflate() of %s', (format) => {
  it('yields the content', async () => {
    const content = crypto.getRandomValues(new Uint8Array(60_000))
    const { stream } = makeSource(await compress(content, format))
    expect(new Uint8Array(await new Response(inflate(stream, format)).arrayBuffer())).toEqual(content)
  })

  it('decodes a few kilobytes at a time of content that expands a thousandfold', async () => {
    const bomb = await compress(new Uint8Array(32 * 1024 * 1024).fill(32), format)
    expect(bomb.length).toBeGreaterThan(6 * CHUNK_BYTES)
    const { stream, seen } = makeSource(bomb)
    const reader = inflate(stream, format).getReader()
    // The bound on a key set.
    for (let length = 0; length <= 128 * 1024; ) length += (await reader.read()).value?.length ?? 0
    expect(seen.pulls).toBeLessThanOrEqual(2)
    await reader.cancel()
    expect(seen.isCancelled).toBe(true)
  })

  it('ends the transfer of content that is damaged', async () => {
    const { stream, seen } = makeSource(new Uint8Array(10 * CHUNK_BYTES).fill(123))
    const error = await inflate(stream, format)
      .getReader()
      .read()
      .catch((reason: unknown) => reason)
    expect(findContentFailure(error)).toEqual({ kind: 'coding_broken', coding: format })
    expect(seen).toEqual({ pulls: 1, isCancelled: true })
  })

  it('fails with the error of the transfer', async () => {
    const lost = new Error('Network connection lost.')
    const { stream } = makeSource((await compress(new Uint8Array(1000), format)).subarray(0, 10), lost)
    const reader = inflate(stream, format).getReader()
    const readAll = async (): Promise<void> => {
      while (!(await reader.read()).done);
    }
    await expect(readAll()).rejects.toBe(lost)
  })
})
