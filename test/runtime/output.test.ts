// What a full disk took in part is completed when there is space again: each line that was accepted is in the file once and whole.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'

const CAN_FILL_A_DISK = process.getuid?.() === 0
const DENO = [resolve(`node_modules/@deno/linux-${process.arch}-glibc/deno`), 'run', '--allow-env']

it.skipIf(!CAN_FILL_A_DISK).each([
  ['node', [process.execPath], 0],
  ['node', [process.execPath], 1_500],
  ['deno', DENO, 0],
  // Of the line that does not fit, Deno holds the last kilobyte.
  ['deno', DENO, 1_500],
  ['deno', DENO, 500],
])('keeps lines whole on %s (%#)', async (_host, [program = '', ...args], before) => {
  const disk = mkdtempSync(join(tmpdir(), 'postern-full-'))
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status).toBe(0)
  try {
    const file = join(disk, 'lines')
    writeFileSync(file, `${' '.repeat(before)}\n`)
    writeFileSync(join(disk, 'filler'), Buffer.alloc(16_384))
    const child = spawn(program, [...args, 'test/runtime/output-child.ts'], {
      stdio: ['ignore', openSync(file, 'a'), 'pipe'],
    })
    const exited = once(child, 'exit')
    const [full] = await once(child.stderr ?? child, 'data')
    expect(String(full)).toBe('full\n')
    rmSync(join(disk, 'filler'))
    expect(await exited).toEqual([0, null])

    const lines = readFileSync(file, 'utf8').trim().split('\n')
    const read = lines.map((line) => JSON.parse(line) as { line?: number; last?: number })
    const numbers = read.flatMap(({ line }) => line ?? [])
    expect(numbers).toEqual(Array.from({ length: read.at(-1)?.last ?? -1 }, (_, n) => n))
  } finally {
    spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  }
})
