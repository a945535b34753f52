// The package as people install it: a tarball of this tree, built once for all test files.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from '../../dev/build.ts'
import { copyPackage } from '../../dev/copy-package.ts'

export const run = promisify(execFile)

/** What decides what is in the tarball. */
const INPUTS = [
  'package.json',
  'tsconfig*.json',
  'src/**/*',
  'playground/**/*',
  'dev/build*.ts',
  'schemas/*',
  'wasm/policy-vm.wasm',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
]

/**
 * Makes the tarball, unless one of the same tree is there already.
 * @returns its absolute path
 */
export async function packTarball(): Promise<string> {
  const files = globSync(INPUTS)
    .filter((file) => statSync(file).isFile())
    .sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  const home = join(tmpdir(), `postern-package-${hash.digest('hex').slice(0, 32)}`)
  const tarball = join(home, 'postern.tgz')
  if (existsSync(tarball)) return tarball

  const staging = mkdtempSync(join(tmpdir(), 'postern-pack-'))
  try {
    const tree = join(staging, 'tree')
    for (const file of files.filter((path) => !path.startsWith('src/'))) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      cpSync(file, join(tree, file))
    }
    await build(join(tree, 'dist'))
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', staging], { cwd: tree })
    const [packed = ''] = globSync(join(staging, '*.tgz'))
    mkdirSync(home, { recursive: true })
    // In one step, since another test file may do the same.
    renameSync(packed, tarball)
  } finally {
    rmSync(staging, { recursive: true })
  }
  return tarball
}

/**
 * Installs the tarball into a new folder as npm does, from this tree's own packages, since tests have no registry.
 * @param also - further packages that the folder uses, by name
 * @returns the folder
 */
export async function installPacked(also: readonly string[] = []): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-installed-'))
  const modules = join(folder, 'node_modules')
  const home = join(modules, 'postern')
  mkdirSync(home, { recursive: true })
  await run('tar', ['-xzf', await packTarball(), '--strip-components=1', '-C', home])
  const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  for (const name of [...Object.keys(dependencies), 'hono', ...also]) copyPackage(name, modules)
  return folder
}
