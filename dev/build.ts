// `npm run build`: compiles `src/` to `dist/`, and the playground beside it, which the package has. The tarball is then made by `npm pack`.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { buildPlayground } from './build-playground.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/**
 * Builds.
 * @param folder - absolute path of what is replaced by the built modules and their types
 * @throws {Error} with what the compiler printed
 */
export async function build(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  // The Worker has a program of its own: its types and those of Node exclude each other.
  for (const project of ['tsconfig.build.json', 'tsconfig.build-worker.json']) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, project), '--outDir', folder],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`${project} does not compile:\n${stdout}${stderr}`)
  }
  chmodSync(join(folder, 'cli/postern.js'), 0o755)
  await buildPlayground(join(folder, 'playground'))
}

if (import.meta.main) await build(join(ROOT, 'dist'))
