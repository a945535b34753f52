// Runs the larger apps of `examples/` in a folder where the tarball is installed, as a user would.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { StandInCluster } from '../../dev/stand-in-cluster.ts'
import { formatEnvFile, readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { openLocalKv } from '../../src/cli/store/local-kv.ts'
import { findWrangler, stopGroup, waitUntilReady } from '../../src/cli/store/wrangler.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'

export const DENO = resolve('node_modules/.bin/deno')

export interface LargerApp {
  readonly url: string
  output(): string
  stop(): Promise<void>
}

/** The policy of the sample, for the stand-in cluster. */
export function samplePolicy(cluster: StandInCluster): string {
  const sample = readFileSync('examples/AgentAttestation.yaml', 'utf8')
  return sample.replace(/issuerURL: \S+/, `issuerURL: ${cluster.issuer}`)
}

/** Starts a command in `folder` with the settings of a gateway under `mount`, and waits until it is ready. */
export async function startApp(
  folder: string,
  makeCommand: (port: number) => readonly string[],
  { mount = '/attest', ready = `${mount}/readyz` }: { readonly mount?: string; readonly ready?: string } = {},
): Promise<LargerApp> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const read = await readDevelopmentSettings(join(folder, '.settings'), url)
  const settings: Record<string, string> = { ...read, ISSUER_URL: `${url}${mount}` }
  // wrangler reads it for each Worker; Node and Deno are given the same by their environment.
  writeFileSync(join(folder, '.dev.vars'), formatEnvFile(settings))
  const [program = '', ...args] = makeCommand(port)
  let output = ''
  const child: ChildProcess = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...settings, PORT: String(port), CI: '1', WRANGLER_SEND_METRICS: 'false', INIT_CWD: folder },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  try {
    await waitUntilReady(`${url}${ready}`, child, 60_000)
  } catch (error) {
    await stopGroup(child)
    throw new Error(`${program} ${args.join(' ')}: ${String(error)}\n${output}`)
  }
  return { url, output: () => output, stop: () => stopGroup(child) }
}

/** Puts an example and a directory of policies into the folder. */
export function addExample(folder: string, name: string, cluster: StandInCluster): void {
  cpSync(`examples/${name}`, folder, { recursive: true })
  const policies = join(folder, 'policies/clusters/c-1')
  mkdirSync(policies, { recursive: true })
  writeFileSync(join(policies, 'AgentAttestation.yaml'), samplePolicy(cluster))
}

/** The command of `wrangler dev`, with the policy in its local KV. */
export async function prepareWorker(folder: string, cluster: StandInCluster, configurations: readonly string[]) {
  const persistTo = join(folder, 'state')
  const kv = openLocalKv(persistTo)
  await kv.put('clusters/c-1/AgentAttestation', encodeUtf8(samplePolicy(cluster)))
  await kv.close()
  return (port: number): readonly string[] => [
    process.execPath,
    findWrangler().program,
    'dev',
    ...configurations.flatMap((path) => ['-c', path]),
    '--ip=127.0.0.1',
    `--port=${port}`,
    `--persist-to=${persistTo}`,
    '--show-interactive-dev-session=false',
  ]
}

export async function logIn(base: string, token: string): Promise<Response> {
  return fetch(`${base}/v1/clusters/c-1/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
  })
}

function findFreePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
