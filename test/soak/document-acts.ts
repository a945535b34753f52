// What an author does to documents, and what a store does with them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { REPLAY_FILE } from '../../src/runtime/replay/sqlite-replay.ts'
import { type Act, type ActContext, pause, replaceDocument } from './act.ts'
import { CHANGING } from './policies.ts'
import { touch } from './start-gateway.ts'

const TURN_MILLIS = 700

export const DOCUMENT_ACTS = {
  async document_bad({ gateway, policies }) {
    await gateway.put(CHANGING, policies.text().replace('issuerURL', 'isuerURL'))
    return () => gateway.put(CHANGING, policies.text())
  },
  async document_torn({ gateway, policies }) {
    // As an editor or a copy may write it: all but the last line, and then more and more of a comment.
    const file = join(gateway.host.folder, 'store', `${CHANGING}.yaml`)
    const text = policies.text()
    const write = (more: string): void => {
      appendFileSync(file, more)
      touch(file, gateway.now())
    }
    truncateSync(file)
    write(text.slice(0, text.indexOf('            serviceAccountName')))
    const writing = setInterval(() => write('#\n'), 300)
    return async () => {
      clearInterval(writing)
      await gateway.put(CHANGING, text)
    }
  },
  async document_replaced(context) {
    await replaceDocument(context, CHANGING)
    return async () => undefined
  },
  async document_deleted({ gateway, policies }) {
    await gateway.remove(CHANGING)
    policies.advance()
    return () => gateway.put(CHANGING, policies.text())
  },
  async write_killed(context) {
    const until = Date.now() + context.seconds * 1_000
    const writing = (async () => {
      do await killWriter(context)
      while (Date.now() < until)
    })()
    return async () => {
      await writing
      await replaceDocument(context, CHANGING)
    }
  },
  async store_old(context) {
    const { gateway, policies } = context
    const old = policies.text()
    const next = policies.nextText()
    const isControlled = gateway.profile === 'kv'
    await gateway.put(CHANGING, next)
    let isOver = false
    const turning = (async () => {
      for (let isOld = true; !isOver; isOld = !isOld) {
        if (isControlled) await gateway.control({ old: isOld ? { [CHANGING]: old } : {} })
        else await gateway.put(CHANGING, isOld ? old : next)
        await pause(TURN_MILLIS)
      }
    })()
    return async () => {
      isOver = true
      await turning
      if (isControlled) await gateway.control({ old: {} })
      else await gateway.put(CHANGING, next)
      policies.advance()
    }
  },
  async store_gone({ gateway }) {
    if (gateway.profile === 'kv') {
      await gateway.control({ store: 'throws' })
      return () => gateway.control({ store: 'well' })
    }
    const { documents } = gateway
    if (documents !== undefined) {
      await documents.server.kill()
      return documents.server.start
    }
    const { folder } = gateway.host
    const [here, away] = [join(folder, 'store'), join(folder, 'away')]
    renameSync(here, away)
    // A file in its place: neither absent nor readable.
    writeFileSync(here, '')
    return async () => {
      rmSync(here)
      renameSync(away, here)
    }
  },
  async store_slow({ gateway, seconds }) {
    gateway.documents?.proxy.stallFor(seconds * 1_000)
    if (gateway.profile === 'kv') await gateway.control({ store: 'slow' })
    return async () => {
      if (gateway.profile === 'kv') await gateway.control({ store: 'well' })
    }
  },
  async state_full(context) {
    context.gateway.state?.fill()
    await replaceDocument(context, CHANGING)
    return async () => context.gateway.state?.free()
  },
  async replay_down({ gateway, random }) {
    const { used, profile } = gateway
    const isFirst = random.below(2) === 0
    if (profile === 'kv') {
      await gateway.control({ replay: isFirst ? 'throws' : 'hangs' })
      return () => gateway.control({ replay: 'well' })
    }
    if (used !== undefined && isFirst) {
      await used.kill()
      return used.start
    }
    if (used !== undefined) {
      used.signal('SIGSTOP')
      return async () => used.signal('SIGCONT')
    }
    const database = new DatabaseSync(join(gateway.stateFolder, REPLAY_FILE), { timeout: 5_000 })
    database.exec('BEGIN EXCLUSIVE')
    return async () => {
      database.exec('ROLLBACK')
      database.close()
    }
  },
} satisfies Readonly<Record<string, Act>>

/** Runs the tool, and kills it somewhere between its start and its end. */
async function killWriter({ gateway, policies, random }: ActContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-write-'))
  const file = join(folder, 'document.yaml')
  writeFileSync(file, policies.nextText())
  const args = ['src/cli/postern.ts', 'config', 'set', 'cluster', '--id', 'c-1', ...gateway.tool.flags, file]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...gateway.tool.settings },
    detached: true,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await Promise.race([ended, pause(300 + random.below(1_200))])
  try {
    // With what it may have started.
    process.kill(-(child.pid ?? 0), 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
  await ended
  rmSync(folder, { recursive: true })
  // The next writer is told to do so by an operator who knows that this one no longer runs.
  if (gateway.profile === 'files') rmSync(join(gateway.host.folder, 'store', '.postern.lock'), { force: true })
}
