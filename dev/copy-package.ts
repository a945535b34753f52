// Copies installed packages with what they need, which is what `npm install` of a package brings.
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const INSTALLED = fileURLToPath(new URL('../node_modules', import.meta.url))

/**
 * Copies a package and, recursively, its dependencies; of optional and peer dependencies none.
 * @param name - of a package that is installed here
 * @param modules - the `node_modules` to copy to
 */
export function copyPackage(name: string, modules: string): void {
  const from = join(INSTALLED, name)
  const to = join(modules, name)
  if (existsSync(to)) return
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true, filter: (path) => basename(path) !== '.cache' })
  const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>
  }
  for (const needed of Object.keys(dependencies))
    if (!existsSync(join(from, 'node_modules', needed))) copyPackage(needed, modules)
}
