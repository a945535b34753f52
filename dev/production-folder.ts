// `node dev/production-folder.ts FOLDER`: what a container image has of this repository: the built modules, what they read, and the
// packages that they import, redis included, each as the lock file has it.
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from './build.ts'
import { copyPackage } from './copy-package.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** @param folder - absolute path; created */
export function makeProductionFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const path of ['package.json', 'LICENSE', 'schemas', 'wasm/policy-vm.wasm'])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  build(join(folder, 'dist'))
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'peerDependencies',
    Readonly<Record<string, string>>
  >
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }))
    copyPackage(name, join(folder, 'node_modules'))
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) {
    process.stderr.write('Expected the folder: node dev/production-folder.ts FOLDER\n')
    process.exit(2)
  }
  makeProductionFolder(resolve(folder))
}
