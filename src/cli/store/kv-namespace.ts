// Finds the KV namespace that `wrangler dev` uses for local KV, from wrangler.toml, which gains an id on deployment.
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { EXIT, Stop } from '../command.ts'
import { findConfiguration, findWrangler } from './wrangler.ts'

/** The binding that the Worker reads its documents through. */
export const BINDING = 'POLICIES'

interface NamespaceIds {
  readonly binding?: string
  readonly id?: string
  readonly preview_id?: string
}

/** The part of wrangler's API that is used. */
interface WranglerModule {
  unstable_readConfig(
    given: { readonly config: string },
    options: { readonly hideWarnings: boolean },
  ): { readonly kv_namespaces: readonly NamespaceIds[] }
}

/**
 * Reads the id of the namespace, which defaults to the name of the binding, also where there is no configuration.
 * @throws {@link Stop} if wrangler.toml is invalid or lacks the binding
 */
export async function readNamespaceId(path = findConfiguration()): Promise<string> {
  if (path === undefined) return BINDING
  const ids = readPlainTable(await readFile(path, 'utf8')) ?? askWrangler(path)
  return ids.preview_id ?? ids.id ?? BINDING
}

/** `undefined` unless the file has exactly one `[[kv_namespaces]]` table of known strings; wrangler then has to parse it. */
function readPlainTable(text: string): NamespaceIds | undefined {
  if (process.env['CLOUDFLARE_ENV'] !== undefined) return undefined
  const [before = '', table, ...more] = text.split(/^\[\[kv_namespaces\]\]$/m)
  if (table === undefined || more.length > 0 || `${before}${table}`.includes('kv_namespaces')) return undefined
  const values: Record<string, string> = {}
  for (const line of table.split(/^\[/m, 1)[0]?.split('\n') ?? []) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const [, name, value] = /^(binding|id|preview_id) = "([^"\\]+)"$/.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    values[name] = value
  }
  return values['binding'] === BINDING ? values : undefined
}

function askWrangler(path: string): NamespaceIds {
  const { unstable_readConfig }: WranglerModule = findWrangler().require('wrangler')
  let tables: readonly NamespaceIds[]
  try {
    tables = unstable_readConfig({ config: path }, { hideWarnings: true }).kv_namespaces
  } catch (cause) {
    throw new Stop(EXIT.usage, `wrangler cannot read ${path}: ${String(cause)}`, { cause })
  }
  const found = tables.find(({ binding }) => binding === BINDING)
  if (found !== undefined) return found
  throw new Stop(EXIT.usage, `${path} has no KV namespace with the binding ${BINDING}: add one under [[kv_namespaces]]`)
}
