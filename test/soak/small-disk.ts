// A file system of its own, which can be filled to its last byte; needs root.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
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
    fill() {
      const { bavail, bsize } = statfsSync(path)
      const file = openSync(filler, 'w')
      // What others have written meanwhile makes this a shorter write, and no error.
      writeSync(file, Buffer.alloc(Number(bavail) * Number(bsize)))
      closeSync(file)
    },
    free: () => rmSync(filler, { force: true }),
    unmount,
  }
}
