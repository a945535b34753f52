// A gateway as a process with everything it depends on, each piece of which can be taken away: stores, disks, the reader of its
// records, its clock.
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { connectRedis } from '../../src/runtime/redis/redis-client.ts'
import { createRedisSource, REDIS_MARK } from '../../src/runtime/redis/redis-source.ts'
import { type Host, type HostName, startHost } from '../conformance/hosts.ts'
import { isInstalled } from '../installed.ts'
import { type FaultyProxy, startFaultyProxy } from '../runtime/redis/faulty-proxy.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../runtime/replay/redis-server.ts'
import { mountSmallDisk, type SmallDisk } from '../small-disk.ts'
import type { Need, Profile } from './faults.ts'
import { NO_POLICY } from './policies.ts'
import { findGroup } from './processor-wait.ts'
import { type RecordReader, startRecordReader } from './record-reader.ts'

const FAKETIME = [
  `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`,
].find((path) => existsSync(path))
const STATE_MEGABYTES = 8
const WORKER_AHEAD_MILLIS = 10 * 86_400_000
const RECORDS_MEGABYTES = 32

/** What this machine has. */
export const HAS: ReadonlySet<Need> = new Set<Need>([
  ...(process.getuid?.() === 0 && isInstalled('mount') ? (['root'] as const) : []),
  ...(REDIS_SERVER ? (['redis'] as const) : []),
  ...(FAKETIME === undefined ? [] : (['faketime'] as const)),
])

/** What a Worker is told: see faulty-worker.ts. */
export interface Control {
  readonly offsetMillis?: number
  readonly store?: 'well' | 'throws' | 'slow'
  readonly replay?: 'well' | 'throws' | 'hangs'
  readonly old?: Readonly<Record<string, string>>
}

export interface SoakGateway {
  readonly name: HostName
  readonly profile: Profile
  readonly host: Host
  /** The processes that answer. */
  pids(): readonly number[]
  /** Stores a document by itself, not by the tool. */
  put(key: string, text: string): Promise<void>
  remove(key: string): Promise<void>
  /** The clock of the gateway and its issuers. */
  now(): number
  stepClock(millis: number): Promise<void>
  control(change: Control): Promise<void>
  /** Kills the process and starts it again. A Worker is then told what it was told before. */
  restartKilled(): Promise<void>
  /** Whether the process has the clock of its issuers: a Worker that was started again must be told first. */
  hasClock(): boolean
  /** The flags and settings by which the command `postern` reaches its store. */
  readonly tool: { readonly flags: readonly string[]; readonly settings: Readonly<Record<string, string>> }
  readonly documents?: { readonly server: RedisServer; readonly proxy: FaultyProxy }
  readonly used?: RedisServer
  readonly reader?: RecordReader
  readonly state?: SmallDisk
  readonly records?: SmallDisk
  /** Where SQLite has the used evidence. */
  readonly stateFolder: string
  /** Everything that was printed and recorded. */
  output(): string
  /** Passwords and keys that must not be in it. */
  readonly secrets: readonly string[]
  stop(): Promise<void>
}

/** @param program - the module of the command, for a gateway with a fault of its own */
export async function startSoakGateway(
  name: HostName,
  profile: Profile,
  documents: Readonly<Record<string, string>>,
  program?: string,
): Promise<SoakGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-soak-'))
  const ends: (() => void | Promise<void>)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const end = async (): Promise<void> => {
    for (const step of ends.toReversed()) await step()
  }
  try {
    return await start()
  } catch (error) {
    await end()
    throw error
  }

  async function start(): Promise<SoakGateway> {
    const clockFile = join(folder, 'clock')
    // Alarms of Durable Objects keep the true time. Ahead of it by more than all steps, the clock of a Worker never makes them early,
    // and one that has just started, and has the true time until it is told, deletes no claim.
    let offsetMillis = profile === 'kv' ? WORKER_AHEAD_MILLIS : 0
    let hasClock = true
    const now = (): number => Date.now() + offsetMillis
    writeFileSync(clockFile, '+0\n')

    const password = encodePassword()
    const documentServer = profile === 'redis' ? await startRedis(['--requirepass', password]) : undefined
    if (documentServer !== undefined) ends.push(documentServer.stop)
    const used = profile === 'redis' ? await startRedis(['--requirepass', password]) : undefined
    if (used !== undefined) ends.push(used.stop)
    const proxy = documentServer && (await startFaultyProxy(documentServer.port))
    if (proxy !== undefined) ends.push(proxy.close)
    const direct = documentServer && (await openDocuments(`redis://:${password}@127.0.0.1:${documentServer.port}`))
    if (direct !== undefined) ends.push(direct.close)
    for (const [key, text] of Object.entries(documents)) await direct?.source.write(key, encodeUtf8(text))

    const isDisk = profile === 'files' && HAS.has('root')
    const state = isDisk ? mountSmallDisk(join(folder, 'state'), STATE_MEGABYTES) : undefined
    const records = isDisk ? mountSmallDisk(join(folder, 'records'), RECORDS_MEGABYTES) : undefined
    for (const disk of [state, records]) if (disk !== undefined) ends.push(disk.unmount)
    const recordFile = records && join(records.path, 'records')
    const reader = profile === 'redis' ? startRecordReader(join(folder, 'pipe')) : undefined
    if (reader !== undefined) ends.push(reader.end)
    const stdout = recordFile === undefined ? reader?.descriptor : openSync(recordFile, 'a')

    const storeUrl = proxy && `redis://:${password}@127.0.0.1:${proxy.port}`
    const host = await startHost(name, documents, {
      change: {
        ...(storeUrl === undefined || used === undefined
          ? {}
          : { STORE_URL: storeUrl, REPLAY_URL: `redis://:${password}@127.0.0.1:${used.port}` }),
        ...(FAKETIME === undefined || profile === 'kv' ? {} : fakeClock(FAKETIME, clockFile)),
      },
      ...(storeUrl === undefined ? {} : { store: 'env:STORE_URL' }),
      ...(state === undefined ? {} : { flags: ['--state', state.path] }),
      ...(stdout === undefined ? {} : { stdout }),
      ...(program === undefined ? {} : { program }),
      ...(profile === 'kv' ? { configure: configureFaultyWorker } : {}),
    })
    const kill = (): void => {
      try {
        process.kill(-host.pid, 'SIGKILL')
      } catch {
        // It is between two processes.
      }
    }
    process.on('exit', kill)
    ends.push(async () => {
      process.off('exit', kill)
      await host.stop()
    })

    let found: { readonly leader: number; readonly pids: readonly number[] } | undefined
    function findPids(): readonly number[] {
      if (profile !== 'kv') return [host.pid]
      if (found?.leader !== host.pid) found = { leader: host.pid, pids: findGroup(host.pid) }
      return found.pids
    }

    let told: Control = { offsetMillis }
    async function tell(message: object): Promise<void> {
      await fetch(`${host.url}/soak-control`, {
        method: 'POST',
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(60_000),
      })
    }
    if (profile === 'kv') await tell(told)
    function control(change: Control): Promise<void> {
      told = { ...told, ...change }
      return tell(told)
    }

    return {
      name,
      profile,
      host,
      pids: findPids,
      async put(key, text) {
        if (direct !== undefined) return direct.source.write(key, encodeUtf8(text))
        // By the binding of the Worker: another process that writes local KV locks it, and the Worker with it.
        if (profile === 'kv') return tell({ put: { key, text } })
        await host.put(key, text)
        // A file system and the process that reads it have one clock.
        touch(join(host.folder, 'store', `${key}.yaml`), now())
      },
      async remove(key) {
        if (direct !== undefined) return direct.source.delete(key)
        // On Workers the tool would ask whether the deletion is meant: a document that admits nobody does the same to logins.
        if (profile === 'kv') return tell({ put: { key, text: NO_POLICY } })
        rmSync(join(host.folder, 'store', `${key}.yaml`))
      },
      now,
      async stepClock(millis) {
        offsetMillis += millis
        if (profile === 'kv') return control({ offsetMillis })
        writeFileSync(clockFile, `${offsetMillis < 0 ? '' : '+'}${offsetMillis / 1000}\n`)
      },
      control,
      async restartKilled() {
        hasClock = profile !== 'kv'
        await host.restartKilled()
        if (profile === 'kv') await control({})
        hasClock = true
      },
      hasClock: () => hasClock,
      tool: {
        flags: ['--store', direct === undefined ? join(host.folder, 'store') : 'env:STORE_URL'],
        settings: { ...host.settings, LD_PRELOAD: '', USER: 'ann' },
      },
      ...(documentServer === undefined || proxy === undefined ? {} : { documents: { server: documentServer, proxy } }),
      ...(used === undefined ? {} : { used }),
      ...(reader === undefined ? {} : { reader }),
      ...(state === undefined ? {} : { state }),
      ...(records === undefined ? {} : { records }),
      stateFolder: state?.path ?? join(host.folder, 'store'),
      output: () =>
        [host.output(), reader?.text() ?? '', recordFile === undefined ? '' : readFileSync(recordFile, 'utf8')].join(
          '\n',
        ),
      secrets: [password, ...listSecrets(host.settings)],
      stop: end,
    }
  }
}

/** Sets the time at which a file was changed. */
export function touch(path: string, millis: number): void {
  utimesSync(path, millis / 1000, millis / 1000)
}

/** The wall clock alone: deadlines run on as they do when a clock is set. */
function fakeClock(library: string, file: string): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
}

/** The configuration of the clone, with another main module. Paths in it are relative to its own folder. */
function configureFaultyWorker(folder: string): string {
  const path = join(folder, 'wrangler.toml')
  const main = relative(folder, resolve('test/soak/faulty-worker.ts'))
  writeFileSync(path, readFileSync('wrangler.toml', 'utf8').replace(/^main = ".*"/m, `main = "${main}"`))
  return path
}

async function openDocuments(url: string) {
  const connection = await connectRedis(url, async () => undefined)
  if (typeof connection === 'string') throw new Error(connection)
  const { client } = connection
  while (!client.isReady) await new Promise((later) => setTimeout(later, 20))
  await client.set(REDIS_MARK, '1')
  return { source: createRedisSource(connection, { mustHoldDocuments: false }), close: () => client.destroy() }
}

/** Random, and long enough to be told from everything else in an output. */
function encodePassword(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
}

function listSecrets({
  SESSION_SIGNING_KEYS = '',
  SEAL_KEYS = '',
}: Readonly<Record<string, string>>): readonly string[] {
  const { keys } = JSON.parse(SESSION_SIGNING_KEYS) as { readonly keys: readonly { readonly d: string }[] }
  return [...keys.map(({ d }) => d), ...SEAL_KEYS.split(',')]
}
