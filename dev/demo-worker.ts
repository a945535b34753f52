// The Worker of `npm start`: that of wrangler.toml, with the playground. Static assets need a folder that exists, which
// `npm ci` alone does not make, so wrangler.toml does not name one.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { buildPlayground } from './build-playground.ts'

/**
 * Builds the playground, and writes the configuration that serves it.
 * @param folder - where both go, relative to the working directory
 * @returns the path of the configuration
 */
export async function prepareDemoWorker(folder: string): Promise<string> {
  await buildPlayground(join(process.cwd(), folder, 'playground'))
  const path = join(folder, 'wrangler.toml')
  const toRoot = `${relative(folder, '.')}/`
  // Paths in a configuration are relative to its own folder.
  const own = readFileSync('wrangler.toml', 'utf8').replace(/^main = "/m, `main = "${toRoot}`)
  writeFileSync(path, `${own}\n${ASSETS}`)
  return path
}

const ASSETS = `[assets]
directory = "playground"
binding = "PLAYGROUND_PAGE"
run_worker_first = true
html_handling = "none"
`
