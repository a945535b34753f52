// Local KV is shared: with wrangler's own commands, with a development server that runs, with other calls of this tool.
// And it lives in a process of its own, which must end with the command, however that ends.
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { formatEnvFile, readDevelopmentSettings } from '../../../src/cli/keys/dev-environment.ts'
import { type LocalKv, type Namespace, openLocalKv } from '../../../src/cli/store/local-kv.ts'
import { findWrangler, runWrangler, startWorker, stopGroup, waitUntilReady } from '../../../src/cli/store/wrangler.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { attestation, bench } from '../call.ts'

const KEY = 'clusters/c-1/AgentAttestation'
/** Neither UTF-8 nor anything that a line could end in. */
const BYTES = new Uint8Array([0xff, 0x00, 0x0d, 0x0a])

function open(persistTo: string): LocalKv {
  const kv = openLocalKv(persistTo)
  onTestFinished(kv.close)
  return kv
}

function wrangler(persistTo: string, ...args: readonly string[]): Promise<Uint8Array> {
  return runWrangler(['kv', 'key', ...args, '--binding', 'POLICIES', '--local', '--persist-to', persistTo])
}

it('shares every byte with wrangler', { timeout: 60_000 }, async () => {
  const { folder } = bench()
  const persistTo = join(folder, 'state')
  const file = join(folder, 'value')
  writeFileSync(file, BYTES)
  const kv = open(persistTo)
  expect(await kv.get(KEY)).toBeUndefined()

  await kv.put(KEY, BYTES)
  expect(new Uint8Array(await wrangler(persistTo, 'get', KEY))).toEqual(BYTES)
  await wrangler(persistTo, 'put', 'clusters/c-2/Cluster', '--path', file)
  expect(await kv.get('clusters/c-2/Cluster')).toEqual(BYTES)
  expect(await kv.list('clusters/c-2/')).toEqual(['clusters/c-2/Cluster'])

  await kv.delete(KEY)
  await kv.delete(KEY)
  expect(await kv.get(KEY)).toBeUndefined()
})

/** What Miniflare would be, but for what the test changes. */
function fake(change: Partial<Namespace>): LocalKv {
  const namespace: Namespace = {
    get: () => Promise.resolve(null),
    put: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    list: () => Promise.resolve({ keys: [] }),
    ...change,
  }
  return openLocalKv('/nowhere', () => Promise.resolve({ namespace, close: () => Promise.resolve() }))
}

it('lists every page', async () => {
  const kv = fake({
    list: ({ cursor }) =>
      Promise.resolve(cursor === undefined ? { keys: [{ name: 'a' }], cursor: '1' } : { keys: [{ name: 'b' }] }),
  })
  expect(await kv.list('')).toEqual(['a', 'b'])
})

it('takes a value that is being replaced for no absence', async () => {
  let asked = 0
  const kv = fake({
    get: () => Promise.resolve(asked++ === 0 ? null : BYTES.buffer),
    list: () => Promise.resolve({ keys: [{ name: KEY }] }),
  })
  expect(await kv.get(KEY)).toEqual(BYTES)
})

it('tries again while another process has the lock, and nothing else again', async () => {
  const errors = [new Error('KV PUT failed: 500 Internal Server Error'), new Error('KV PUT failed: 413 Too Large')]
  const kv = fake({ put: () => Promise.reject(errors.shift()) })
  await expect(kv.put(KEY, BYTES)).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('413') })
  expect(errors).toEqual([])
})

it('is what a running development server reads, while several write', { timeout: 120_000 }, async () => {
  const { folder } = bench()
  const [persistTo, envFile] = [join(folder, 'state'), join(folder, 'dev.env')]
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  writeFileSync(envFile, formatEnvFile(await readDevelopmentSettings(folder, url)))
  let output = ''
  const server = startWorker({ port, envFile, persistTo }, (text) => {
    output += text
  })
  onTestFinished(() => stopGroup(server))
  await waitUntilReady(`${url}/healthz`, server, 60_000)
  const login = async (clusterId: string): Promise<number> => {
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] })
    const headers = { 'Content-Type': 'application/json' }
    return (await fetch(`${url}/v1/clusters/${clusterId}/login`, { method: 'POST', headers, body })).status
  }
  expect(await login('c-0')).toBe(404)
  const writers = [open(persistTo), open(persistTo), open(persistTo)]
  await writers[0]?.put(KEY, encodeUtf8(attestation()))
  expect(await login('c-1'), output).not.toBe(404)

  await Promise.all(
    writers.map(async (kv, writer) => {
      for (let round = 0; round < 20; round++) {
        const [own, shared] = [`history/${writer}/${round}`, encodeUtf8(`${writer} ${round}`)]
        await kv.put('history/shared', shared)
        await kv.put(own, shared)
        expect(await kv.get(own)).toEqual(shared)
        expect(await kv.get('history/shared')).toBeDefined()
      }
    }),
  )
  expect(await writers[0]?.list('history/')).toHaveLength(61)
  await writers[1]?.put('clusters/c-2/AgentAttestation', encodeUtf8(attestation()))
  expect(await login('c-2'), output).not.toBe(404)
})

it('starts on an empty directory several times at once', { timeout: 60_000 }, async () => {
  const persistTo = join(bench().folder, 'state')
  const all = [open(persistTo), open(persistTo), open(persistTo), open(persistTo)]
  await Promise.all(all.map((kv, index) => kv.put(`${index}`, BYTES)))
  expect(await all[0]?.list('')).toHaveLength(4)
})

it('says that its files are damaged', { timeout: 60_000 }, async () => {
  const persistTo = join(bench().folder, 'state')
  const before = openLocalKv(persistTo)
  await before.put(KEY, BYTES)
  await before.close()
  const database = databaseOf(persistTo)
  writeFileSync(database, randomBytes(8192))
  for (const part of ['-wal', '-shm']) rmSync(`${database}${part}`, { force: true })
  const damaged = open(persistTo).get(KEY)
  await expect(damaged).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(/: SQLITE_NOTADB$/) })
})

it('names what to install', () => {
  const elsewhere = pathToFileURL(join(bench().folder, 'x.ts')).href
  expect(() => findWrangler(elsewhere)).toThrow(/npm install --save-dev wrangler/)
})

it.runIf(existsSync('/proc/self/environ')).each([
  ['done', ['set', 'a.yaml'], 0],
  ['refused', ['get', 'Cluster'], 1],
  ['interrupted', ['set', 'a.yaml'], 130],
])(
  'leaves no process and no message behind when it is %s',
  { timeout: 60_000 },
  async (what, [verb = '', word = ''], code) => {
    const { folder, file } = bench()
    file('a.yaml', attestation())
    const persistTo = join(folder, 'state')
    // A locked database keeps the command from ending before the signal comes.
    if (what === 'interrupted') await lock(persistTo)
    const mark = randomUUID()
    const args = ['config', verb, 'cluster', '--id', 'c-1', '--local', '--persist-to', persistTo, word]
    const env = { ...process.env, POSTERN_TEST_MARK: mark, TMPDIR: folder }
    const child = spawn(process.execPath, [resolve('src/cli/postern.ts'), ...args], { env, cwd: folder })
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    if (what === 'interrupted') {
      await expect.poll(() => marked(mark).length, { timeout: 30_000 }).toBe(2)
      child.kill('SIGINT')
    }
    expect(await once(child, 'exit')).toEqual([code, null])
    await expect.poll(() => marked(mark)).toEqual([])
    expect(readdirSync(folder).filter((name) => name.startsWith('miniflare'))).toEqual([])
    expect(err).toMatch(code === 1 ? /^postern: \S+ is not in local KV in \S+\n$/ : /^$/)
  },
)

/** Writes as another process does that never comes to its end. */
async function lock(persistTo: string): Promise<void> {
  const kv = openLocalKv(persistTo)
  await kv.put(KEY, BYTES)
  await kv.close()
  const database = new DatabaseSync(databaseOf(persistTo))
  onTestFinished(() => database.close())
  database.exec('BEGIN IMMEDIATE')
}

/** Where Miniflare keeps the keys of the namespace. */
function databaseOf(persistTo: string): string {
  const folder = join(persistTo, 'v3', 'kv', 'miniflare-KVNamespaceObject')
  const name = readdirSync(folder).find((each) => /^[0-9a-f]{64}\.sqlite$/.test(each))
  return join(folder, name ?? 'none')
}

/** The processes that carry the mark in their environment. */
function marked(mark: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}
