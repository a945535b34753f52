// A file system of its own, which can be filled to its last byte; needs root.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

export interface SmallDisk {
  readonly path: string
  /** Takes what is free. */
  fill(): void
  free(): void
  unmount(): void
}

export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path, { recursive: true })
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]).status !== 0)
    throw new Error(`cannot mount ${path}`)
  const filler = join(path, 'filler')
  const unmount = (): void => {
    process.off('exit', unmount)
    spawnSync('umount', ['-l', path])
  }
  process.on('exit', unmount)
  return {
    path,
    fill: () => writeUntilFull(filler),
    free: () => rmSync(filler, { force: true }),
    unmount,
  }
}

/** Others may write in between, so that asking how much is free is not enough. */
function writeUntilFull(path: string): void {
  for (const size of [64 * 1024, 4096, 1])
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
}
