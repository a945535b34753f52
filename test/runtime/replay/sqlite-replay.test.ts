// The file of used evidence, in real SQLite: exact, remembered after a restart, and refusing where it cannot be asked.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { REPLAY_PURGE_EVERY } from '../../../src/core/limits.ts'
import type { ReplayStore } from '../../../src/policy/single-use/replay-store.ts'
import { createSingleUse } from '../../../src/policy/single-use/single-use.ts'
import { openSqliteReplay, REPLAY_FILE } from '../../../src/runtime/replay/sqlite-replay.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { keepsReplayContract, makeKey } from '../../policy/single-use/replay-contract.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-replay-'))
  folders.push(folder)
  return folder
}

async function open(folder: string, clock: () => number = Date.now): Promise<ReplayStore> {
  const store = await openSqliteReplay(folder, { clock, sleep })
  if (typeof store === 'string') throw new Error(store)
  return store
}

keepsReplayContract('node:sqlite, by two openings of one file', async () => {
  const folder = makeFolder()
  return { store: await open(folder), other: await open(folder) }
})

describe('the file of used evidence', () => {
  it('is made by the first claim, and read by the next process', async () => {
    const folder = makeFolder()
    const store = await open(folder)
    expect(existsSync(join(folder, REPLAY_FILE))).toBe(false)
    const key = makeKey()
    expect(await store.claim(key, 60)).toBe('first')
    expect(await (await open(folder)).claim(key, 60)).toBe('seen')
  })

  it('does not grow by what has expired', async () => {
    const folder = makeFolder()
    let nowMillis = 0
    const store = await open(folder, () => nowMillis)
    for (let at = 0; at < 2 * REPLAY_PURGE_EVERY; at++) await store.claim(makeKey(), 1)
    nowMillis = 10_000
    for (let at = 0; at <= REPLAY_PURGE_EVERY; at++) await store.claim(makeKey(), 1)
    const database = new DatabaseSync(join(folder, REPLAY_FILE))
    const { left } = database.prepare('SELECT COUNT(*) AS left FROM claims WHERE expires < 10').get() ?? {}
    database.close()
    expect(left).toBe(0)
  })

  it('refuses while another process holds it, within the time-out, and serves on', async () => {
    const folder = makeFolder()
    const store = await open(folder)
    await store.claim(makeKey(), 60)
    const holder = new DatabaseSync(join(folder, REPLAY_FILE))
    holder.exec('BEGIN EXCLUSIVE')
    const told: string[] = []
    const singleUse = createSingleUse({
      store,
      issuerUrl: 'https://gateway.example',
      skewSeconds: 30,
      clock: Date.now,
      sleep,
      tell: ({ event }) => told.push(event),
    })
    const evidence = { type: 'k8s_token', id: 'a', expiresAtSeconds: 100 }
    const started = Date.now()
    const refused = await singleUse.claim(evidence, 0)
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'replay_unanswered' } })
    expect(Date.now() - started).toBeLessThan(3000)
    holder.exec('ROLLBACK')
    holder.close()
    expect(await singleUse.claim(evidence, 0)).toMatchObject({ ok: true })
    expect(told).toEqual(['replay_store_failed', 'replay_store_recovered'])
  })

  it('refuses where the file is no database, and serves once it is one', async () => {
    const folder = makeFolder()
    const path = join(folder, REPLAY_FILE)
    writeFileSync(path, 'not a database, and long enough to be seen as none'.repeat(100))
    const store = await open(folder)
    await expect(store.claim(makeKey(), 60)).rejects.toThrow(/not a database/)
    rmSync(path)
    expect(await store.claim(makeKey(), 60)).toBe('first')
  })

  it('is none where the directory does not exist', async () => {
    expect(await openSqliteReplay(join(makeFolder(), 'missing'), { clock: Date.now, sleep })).toMatch(
      /state directory cannot be written.*ENOENT/,
    )
  })
})
