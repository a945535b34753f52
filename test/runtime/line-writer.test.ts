// Lines to an output that stalls, fails and comes back: what was taken is written once, whole and in order, and what was
// not taken is never written.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineWriter, type Refusing } from '../../src/runtime/line-writer.ts'

const MAX_BYTES = 64

/** An output that does what the test says; sleeps end when the test says so. */
function rig(isAsync: boolean) {
  let state: 'works' | 'full' | 'EPIPE' | 'ENOSPC' = 'works'
  let pieceBytes = Number.POSITIVE_INFINITY
  let sleeping: (() => void)[] = []
  const told: Refusing[] = []
  const decoder = new TextDecoder()
  let written = ''
  function writeNow(bytes: Uint8Array): number {
    if (state !== 'works') throw Object.assign(new Error('no'), { code: state === 'full' ? 'EAGAIN' : state })
    const piece = bytes.subarray(0, pieceBytes)
    written += decoder.decode(piece)
    return piece.length
  }
  const writer = createLineWriter({
    write: isAsync ? async (bytes) => writeNow(bytes) : writeNow,
    clock: () => 0,
    sleep: () => new Promise((wake) => sleeping.push(wake)),
    maxBytes: MAX_BYTES,
    onRefusing: (refusing) => told.push({ ...refusing }),
    recoveryLine: ({ refused }) => `recovered ${refused}`,
  })
  return {
    writer,
    told,
    lines: () => written.split('\n').slice(0, -1),
    set(next: typeof state, piece = Number.POSITIVE_INFINITY) {
      state = next
      pieceBytes = piece
    },
    /** Lets time pass until nothing happens any more. */
    async settle() {
      for (let round = 0; round < 20; round++) {
        await new Promise((done) => setImmediate(done))
        for (const wake of sleeping.splice(0)) wake()
      }
    },
    drop() {
      sleeping = []
    },
  }
}

describe.each([
  ['that writes at once', false],
  ['that writes later', true],
])('over an output %s', (_what, isAsync) => {
  it('writes what it takes, and has taken nothing when an output has failed', async () => {
    const { writer, set, settle, lines, told } = rig(isAsync)
    expect(writer.take('a')).toBe(true)
    await settle()
    set('EPIPE')
    // Whoever writes later has taken one line before it can know; that one is kept.
    expect(writer.take('b')).toBe(isAsync)
    await settle()
    expect(writer.take('c')).toBe(false)
    expect(told).toEqual([{ reason: 'EPIPE', sinceMillis: 0, refused: 0 }])
    set('works')
    await settle()
    expect(lines()).toEqual(isAsync ? ['a', 'b', 'recovered 1'] : ['a', 'recovered 2'])
    expect(writer.refusing()).toBeUndefined()
    expect(writer.take('d')).toBe(true)
    await writer.flush()
    expect(lines().at(-1)).toBe('d')
  })

  it.each([
    [MAX_BYTES, true],
    [MAX_BYTES + 1, false],
  ])('of %i bytes that wait takes: %s', async (size, isTaken) => {
    const { writer, set } = rig(isAsync)
    set('full')
    const half = 'x'.repeat(MAX_BYTES / 2 - 1)
    expect(writer.take(half)).toBe(true)
    expect(writer.take('x'.repeat(size - MAX_BYTES / 2 - 1))).toBe(isTaken)
    expect(writer.refusing()?.reason).toBe(isTaken ? undefined : 'it is not read')
  })

  it('takes lines again once half of what waited is written', async () => {
    const { writer, set, settle, lines } = rig(isAsync)
    set('full')
    while (writer.take('0123456')) {
      // Until it is full.
    }
    expect(writer.take('')).toBe(false)
    set('works', 5)
    await settle()
    expect(writer.take('next')).toBe(true)
    await settle()
    expect(lines()).toEqual([...Array(8).fill('0123456'), 'recovered 2', 'next'])
  })

  it('writes what it took once, whole and in order, whatever the output does', async () => {
    const step = fc.oneof(
      fc.record({ take: fc.string({ unit: 'grapheme-ascii', maxLength: 70 }).map((text) => text.replace('\n', '')) }),
      fc.record({
        state: fc.constantFrom('works', 'full', 'EPIPE', 'ENOSPC'),
        piece: fc.integer({ min: 1, max: 40 }),
      }),
      fc.constant('settle'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { writer, set, settle, lines } = rig(isAsync)
        const taken: string[] = []
        for (const [index, action] of steps.entries()) {
          if (typeof action === 'string') await settle()
          else if ('take' in action) {
            const line = `${index} ${action.take}`
            const wasRefusing = writer.refusing() !== undefined
            if (writer.take(line)) taken.push(line)
            else expect(writer.refusing()).toBeDefined()
            if (wasRefusing) expect(taken.at(-1)).not.toBe(line)
          } else set(action.state as 'works', action.piece)
        }
        set('works')
        await settle()
        await writer.flush()
        expect(lines().filter((line) => !line.startsWith('recovered '))).toEqual(taken)
        expect(writer.refusing()).toBeUndefined()
      }),
    )
  })
})
