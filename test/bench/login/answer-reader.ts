// Finds the end of an HTTP/1.1 answer in the bytes of a connection that has one request under way.

export interface AnswerReader {
  /** The status once the answer is whole; then the reader is ready for the next one. */
  take(chunk: Buffer): number | undefined
}

const LAST_CHUNK = '\r\n0\r\n\r\n'

export function createAnswerReader(): AnswerReader {
  let text = ''
  return {
    take(chunk) {
      // Latin-1 keeps the count of bytes.
      text += chunk.toString('latin1')
      const headEnd = text.indexOf('\r\n\r\n')
      if (headEnd === -1) return undefined
      const head = text.slice(0, headEnd)
      const length = /^content-length: *(\d+)/im.exec(head)?.[1]
      const isWhole = length === undefined ? text.endsWith(LAST_CHUNK) : text.length >= headEnd + 4 + Number(length)
      if (!isWhole) return undefined
      text = ''
      return Number(head.slice(9, 12))
    },
  }
}
