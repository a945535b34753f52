// `npm run executable -- --out FILE`: the command `postern`, agent and server included, as one executable for this platform:
// a copy of Node with the bundled command in it (Node's single executable applications). It needs no installed Node, no
// node_modules and no network.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, type Plugin } from 'esbuild'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Node looks for it in its own file, to learn that it has an application. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Makes the executable with the Node that runs this.
 * @param out - absolute path of the file, which is replaced
 * @throws {Error} with what the failing step printed
 */
export async function makeExecutable(out: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-executable-'))
  try {
    const main = join(folder, 'postern.cjs')
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['src/cli/postern.ts'],
      outfile: main,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      target: 'node22',
      // Modules of the bundle lie where the executable lies.
      define: { 'import.meta.url': 'here' },
      banner: { js: "const here = require('node:url').pathToFileURL(process.execPath).href;" },
      plugins: [withPolicyVm],
      logLevel: 'error',
    })
    const blob = join(folder, 'postern.blob')
    const config = join(folder, 'sea.json')
    writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }))
    runStep(process.execPath, ['--experimental-sea-config', config])
    const unfinished = join(folder, 'postern')
    copyFileSync(process.execPath, unfinished)
    chmodSync(unfinished, 0o755)
    const postject = join(ROOT, 'node_modules/postject/dist/cli.js')
    runStep(process.execPath, [postject, unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE])
    copyFileSync(unfinished, out)
    chmodSync(out, 0o755)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** There is no file beside the executable to load the policy VM from: it is a part of the bundle. */
const withPolicyVm: Plugin = {
  name: 'with-policy-vm',
  setup({ onLoad }) {
    onLoad({ filter: /runtime[\\/]load-policy-vm\.ts$/ }, () => {
      const bytes = readFileSync(join(ROOT, 'wasm/policy-vm.wasm')).toString('base64')
      const contents = `
        export const loadPolicyVm = () => new WebAssembly.Module(Buffer.from(${JSON.stringify(bytes)}, 'base64'))
        export const fetchPolicyVm = async () => loadPolicyVm()`
      return { contents, loader: 'js' }
    })
  },
}

function runStep(program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args[0]} failed: ${error?.message ?? ''}\n${stdout}${stderr}`)
}

if (import.meta.main) {
  const { out = 'postern' } = parseArgs({ options: { out: { type: 'string' } } }).values
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), out)
  await makeExecutable(path)
  process.stdout.write(`${path}\n`)
}
