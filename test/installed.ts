// Programs that tests use where they are installed. Where one is not, its tests are skipped, and the last line counts them.
import { spawnSync } from 'node:child_process'

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
