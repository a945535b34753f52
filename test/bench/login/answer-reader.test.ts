import { expect, it } from 'vitest'
import { createAnswerReader } from './answer-reader.ts'

const COUNTED = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n{"é'
const CHUNKED = 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'

it.each([
  ['a body of a stated length', COUNTED, 200],
  ['a body in chunks', CHUNKED, 403],
  ['no body', 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n', 500],
])('finds the end of an answer with %s, however it is cut', (_what, text, status) => {
  const bytes = Buffer.from(text)
  const reader = createAnswerReader()
  for (let cut = 1; cut < bytes.length; cut++) {
    expect(reader.take(bytes.subarray(0, cut))).toBeUndefined()
    expect(reader.take(bytes.subarray(cut))).toBe(status)
  }
})
