import { describe, expect, it } from 'vitest'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { readCapped } from '../../src/net/read-capped.ts'

function readerOf(source: UnderlyingDefaultSource<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> {
  return new ReadableStream(source).getReader()
}

function readerOfChunks(...chunks: readonly string[]): ReadableStreamDefaultReader<Uint8Array> {
  return readerOf({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encodeUtf8(chunk))
      controller.close()
    },
  })
}

describe('readCapped()', () => {
  it.each<[string, readonly string[], number, string | undefined]>([
    ['nothing', [], 0, ''],
    ['chunks at the bound', ['abc', '', 'def'], 6, 'abcdef'],
    ['chunks over it', ['abc', 'def'], 5, undefined],
    ['one chunk over it', ['abcdef'], 5, undefined],
  ])('reads %s', async (_what, chunks, maxBytes, text) => {
    expect(await readCapped(readerOfChunks(...chunks), maxBytes)).toEqual(text === undefined ? text : encodeUtf8(text))
  })

  it('reads no further than the bound', async () => {
    let pulled = 0
    const endless = readerOf({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(10))
      },
    })
    expect(await readCapped(endless, 25)).toBeUndefined()
    // The stream keeps one chunk ahead of its reader.
    expect(pulled).toBeLessThanOrEqual(4)
    await endless.cancel()
  })

  it('rejects as the stream does', async () => {
    await expect(readCapped(readerOf({ pull: () => Promise.reject(new Error('reset')) }), 10)).rejects.toThrow('reset')
  })
})
