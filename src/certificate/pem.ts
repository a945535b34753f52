// One block of PEM (RFC 7468): its lines alone, in one spelling of base64.
import { decodeBase64 } from '../core/base64.ts'

export type PemBlock =
  | { readonly der: Uint8Array<ArrayBuffer>; readonly base64: string }
  /** Completes `Cannot read the certificate: ...`. */
  | { readonly fault: string }

/** Reads one block. Checks the encoding, not what it contains. @param label such as `CERTIFICATE` */
export function readPemBlock(pem: string, label: string): PemBlock {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`]
  const lines = splitLines(pem)
  if (lines[0] !== begin) return { fault: `expected ${begin} as the first line` }
  if (lines.at(-1) !== end || lines.length < 3) return { fault: `expected ${end} as the last line` }
  if (lines.indexOf(end) !== lines.length - 1) return { fault: 'it contains more than one block; list each by itself' }
  const base64 = lines.slice(1, -1).join('')
  const der = decodeBase64(base64)
  return der === undefined ? { fault: 'the content between the BEGIN and END lines is not base64' } : { der, base64 }
}

/** Splits a file of several blocks, such as a bundle of certificates. Text outside blocks is a fault. */
export function readPemBlocks(pem: string, label: string): readonly PemBlock[] {
  const end = `-----END ${label}-----`
  const blocks: PemBlock[] = []
  let lines: string[] = []
  for (const line of splitLines(pem)) {
    if (line === '' && lines.length === 0) continue
    lines.push(line)
    if (line !== end) continue
    blocks.push(readPemBlock(lines.join('\n'), label))
    lines = []
  }
  if (lines.length > 0 || blocks.length === 0) blocks.push(readPemBlock(lines.join('\n'), label))
  return blocks
}

function splitLines(pem: string): readonly string[] {
  return pem
    .trim()
    .split('\n')
    .map((line) => line.trim())
}
