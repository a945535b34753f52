// Programs that tests use where they are installed. Where one is not, its tests are skipped, and the last line counts them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'

/** By whether it starts: `ssh-keygen` has no option for its version, and exits with 1. */
export function isInstalled(program: string): boolean {
  const { error } = spawnSync(program, ['version'], { stdio: 'ignore' })
  return (error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT'
}

export const OPENSSL = isInstalled('openssl')
export const SSH_KEYGEN = isInstalled('ssh-keygen')

/** Debian's packages are seen by Debian's Python alone, which is not always the first on the path. */
export const PYTHON_WITH_JWT = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import jwt, cryptography'], { stdio: 'ignore' }).status === 0,
)

/** A Node of the oldest line that the package supports; `.ci/run` gets one. */
export const NODE_22 = [process.env['POSTERN_NODE_22'], resolve('.postern/node-22/bin/node')].find(
  (path) => path !== undefined && existsSync(path),
)

/** Of Debian's package `prometheus`, or the program alone, as `.ci/run` takes it out of it. */
export const PROMTOOL = [
  process.env['POSTERN_PROMTOOL'],
  resolve('.postern/promtool/promtool'),
  '/usr/bin/promtool',
].find((path) => path !== undefined && existsSync(path))

/** Of Debian's package `chromium`, or another that is named. */
export const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
)
