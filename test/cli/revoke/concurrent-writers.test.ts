// Workers KV has no lock and no compare-and-swap: another operator may write between any two steps of the tool.
import { describe, expect, it } from 'vitest'
import type { Io } from '../../../src/cli/command.ts'
import { readOperatorSettings } from '../../../src/cli/operator-settings.ts'
import { changeRevocations } from '../../../src/cli/revoke/change-revocations.ts'
import { describeRace } from '../../../src/cli/revoke/describe-effect.ts'
import { addEntry } from '../../../src/cli/revoke/edit-revocations.ts'
import { findSame } from '../../../src/cli/revoke/same-fact.ts'
import type { OperatorStore } from '../../../src/cli/store/operator-store.ts'
import { clusterKey, parseClusterId } from '../../../src/config/document-key.ts'
import { decodeUtf8, encodeUtf8 } from '../../../src/core/utf8.ts'
import { compile } from '../../config/document.ts'

const id = parseClusterId('c-1')
if (id === undefined) throw new Error('unreachable')
const KEY = clusterKey(id, 'Revocations')
const UNTIL = Date.UTC(2030, 0, 1) / 1000
const entry = (name: string) => ({ fact: { kind: 'node', name } as const, untilSeconds: UNTIL, reason: 'r' })

/** A store like Workers KV; `interrupt` runs before each read and write of the document, as other operators may. */
function kv(interrupt: (step: string, values: Map<string, Uint8Array<ArrayBuffer>>) => void): OperatorStore & {
  readonly values: Map<string, Uint8Array<ArrayBuffer>>
} {
  const values = new Map<string, Uint8Array<ArrayBuffer>>()
  let step = 0
  const tell = (what: string, key: string): void => {
    if (key === KEY.text) interrupt(`${what} ${++step}`, values)
  }
  return {
    values,
    name: 'Workers KV',
    exact: false,
    async read(key) {
      tell('read', key)
      return values.get(key)
    },
    async write(key, bytes) {
      tell('write', key)
      values.set(key, bytes)
      tell('written', key)
    },
    async delete(key) {
      values.delete(key)
    },
    list: async (folder) => [...values.keys()].filter((key) => key.startsWith(`${folder}/`)),
    readAll: async (folder) => new Map([...values].filter(([key]) => key.startsWith(`${folder}/`))),
    exclusively: (work) => work(),
  }
}

async function revoke(store: OperatorStore, name: string): Promise<{ err: string; written: boolean }> {
  let err = ''
  const io: Io = {
    out: () => undefined,
    err: (text) => {
      err += text
    },
    input: () => Promise.resolve(new Uint8Array()),
    environment: { USER: 'ann' },
    directory: '.',
    clock: () => Date.UTC(2026, 0, 1),
    fetch: () => Promise.reject(new Error('no network')),
    colour: false,
    atEnd: () => undefined,
  }
  const opened = { store, settings: await readOperatorSettings(io) }
  const { written } = await changeRevocations(
    KEY,
    {
      actor: 'ann',
      edit(stored) {
        if (findSame(stored?.set, entry(name).fact).length > 0) return { kind: 'unchanged' }
        return { kind: 'text', text: addEntry(stored?.text, entry(name)) ?? '' }
      },
    },
    opened,
    io,
  )
  return { err, written }
}

function nodesOf(values: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): readonly string[] {
  const result = compile('Revocations', decodeUtf8(values.get(KEY.text) ?? new Uint8Array()) ?? '')
  if (!result.ok) throw new Error('does not compile')
  return result.value.entries.map(({ fact }) => (fact.kind === 'node' ? fact.name : ''))
}
const other = encodeUtf8(addEntry(undefined, entry('other')) ?? '')

describe('another operator who writes', () => {
  it.each([1, 2, 4, 5])('at step %i loses nothing, and neither does this one', async (at) => {
    let count = 0
    const store = kv((_step, values) => {
      // It read before, and knows nothing of this change.
      if (++count === at) values.set(KEY.text, other)
    })
    await revoke(store, 'mine')
    expect(count).toBeGreaterThanOrEqual(at)
    // A write after the last look is what the tool warns of, and finds when it is called again.
    await revoke(store, 'mine')
    expect([...nodesOf(store.values)].sort()).toEqual(['mine', 'other'])
  })

  it('just before the write is overwritten, which its own tool finds when it looks again', async () => {
    const store = kv((step, values) => {
      if (step === 'write 3') values.set(KEY.text, other)
    })
    const { err } = await revoke(store, 'mine')
    expect(err).toContain('no compare-and-swap')
    expect(nodesOf(store.values)).toEqual(['mine'])
    await revoke(store, 'other')
    expect(nodesOf(store.values)).toEqual(['mine', 'other'])
  })

  it('is told of', () => {
    expect(describeRace(kv(() => undefined))).toMatch(/within 60 s may undo it.*Run the same command again/)
    expect(describeRace({ ...kv(() => undefined), exact: true })).toBeUndefined()
  })

  it('without end ends the command with a conflict', async () => {
    let count = 0
    const store = kv((step, values) => {
      if (step.startsWith('read')) values.set(KEY.text, encodeUtf8(addEntry(undefined, entry(`n-${count++}`)) ?? ''))
    })
    await expect(revoke(store, 'mine')).rejects.toMatchObject({ exitCode: 3 })
  })
})
