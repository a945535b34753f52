import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addEntry,
  type NewEntry,
  removeEntries,
  removeLock,
  setLock,
  setUntil,
} from '../../../src/cli/revoke/edit-revocations.ts'
import { describeFact } from '../../../src/policy/revocation/revocation.ts'
import type { RevocationSet } from '../../../src/policy/revocation/revocation-set.ts'
import { compile, found } from '../../config/document.ts'

const UNTIL = Date.UTC(2030, 0, 1) / 1000
const entry = (name: string): NewEntry => ({
  fact: { kind: 'node', name },
  untilSeconds: UNTIL,
  reason: 'a "quoted": reason #',
})
const LOCK = { untilSeconds: UNTIL, reason: 'incident: {x}' }

function read(text: string | undefined): RevocationSet {
  const result = compile('Revocations', text ?? '')
  if (!result.ok) throw new Error(`${found(result).join()}\n${text}`)
  return result.value
}
const factsOf = (text: string | undefined): readonly string[] =>
  read(text).entries.map(({ fact }) => describeFact(fact))

const HEAD = 'section: Revocations\nschema: v1\n'
const item = (name: string): string => `node: ${name}\n      until: 2029-01-01T00:00:00Z\n      reason: r # why\n`
const DOCUMENTS: readonly [string, string, readonly string[]][] = [
  ['blocks', `${HEAD}spec:\n  entries:\n    - ${item('a')}    # between\n    - ${item('b')}`, ['node a', 'node b']],
  ['blocks without indentation', `${HEAD}spec:\n  entries:\n  - ${item('a').replaceAll('      ', '    ')}`, ['node a']],
  ['no line break at the end', `${HEAD}spec:\n  entries:\n    - ${item('a').trimEnd()}`, ['node a']],
  ['CRLF', `${HEAD}spec:\n  entries:\n    - ${item('a')}`.replaceAll('\n', '\r\n'), ['node a']],
  ['a comment at the end', `${HEAD}spec:\n  entries:\n    - ${item('a')}  # the end\n# really\n`, ['node a']],
  [
    'a block scalar at the end',
    `${HEAD}spec:\n  entries:\n    - node: a\n      until: 2029-01-01T00:00:00Z\n      reason: |-\n        two\n        lines\n`,
    ['node a'],
  ],
  ['a flow list', `${HEAD}spec: {entries: [{node: a, until: "2029-01-01T00:00:00Z", reason: r}]}\n`, ['node a']],
  [
    'a flow list over lines',
    `${HEAD}spec:\n  entries: [\n    {node: a, until: "2029-01-01T00:00:00Z", reason: r}, # x\n    ]\n`,
    ['node a'],
  ],
  ['an empty list', `${HEAD}spec:\n  entries: []\n`, []],
  ['an empty spec', `${HEAD}spec: {}\n`, []],
  ['a lock alone', `${HEAD}spec:\n  lock: {until: "2029-01-01T00:00:00Z", reason: r}\n`, []],
  [
    'JSON',
    `{"section": "Revocations", "schema": "v1", "spec": { "entries": [ {"node": "a", "until": "2029-01-01T00:00:00Z", "reason": "r"} ] } }`,
    ['node a'],
  ],
  [
    'JSON of several lines',
    JSON.stringify(
      JSON.parse(
        '{"section":"Revocations","schema":"v1","spec":{"entries":[{"node":"a","until":"2029-01-01T00:00:00Z","reason":"r"},{"node":"b","until":"2029-01-01T00:00:00Z","reason":"r"}]}}',
      ),
      undefined,
      2,
    ),
    ['node a', 'node b'],
  ],
  ['the spec first', `spec:\n  entries:\n    - ${item('a')}section: Revocations\nschema: v1\n`, ['node a']],
]

describe.each(DOCUMENTS)('a document with %s', (what, text, facts) => {
  it('gets an entry more, and keeps the rest', () => {
    const once = addEntry(text, entry('new-1'))
    const twice = addEntry(once ?? '', entry('new-2'))
    expect(factsOf(twice)).toEqual([...facts, 'node new-1', 'node new-2'])
    expect(read(twice).entries.at(-1)).toMatchObject({ untilSeconds: UNTIL, reason: 'a "quoted": reason #' })
    // Nothing that was there is gone.
    for (const comment of text.match(/#.*/g) ?? []) expect(twice).toContain(comment.trimEnd())
  })

  it('is as it was after a lock, byte for byte', () => {
    if (what === 'a lock alone') return
    const locked = setLock(text, LOCK)
    expect(read(locked).lock).toEqual(LOCK)
    expect(factsOf(locked)).toEqual(facts)
    const again = setLock(locked ?? '', { ...LOCK, reason: 'longer' })
    expect(read(again).lock?.reason).toBe('longer')
    expect(removeLock(locked ?? '')).toBe(text)
    expect(removeLock(again ?? '')).toBe(text)
  })

  it('keeps what was added while it was locked', () => {
    if (what === 'a lock alone') return
    const locked = addEntry(setLock(text, LOCK) ?? '', entry('meanwhile'))
    expect(factsOf(removeLock(locked ?? '') ?? '')).toEqual([...facts, 'node meanwhile'])
  })

  it.each(facts.map((fact, index) => [fact, index] as const))('loses %s alone', (fact, index) => {
    const rest = facts.filter((_one, at) => at !== index)
    expect(factsOf(removeEntries(text, [index]))).toEqual(rest)
    const ended = setUntil(text, [index], 1000)
    expect(read(ended).entries.map(({ untilSeconds }) => untilSeconds === 1000)).toEqual(
      facts.map((one) => one === fact),
    )
  })

  it('loses all', () => {
    if (facts.length === 0) return
    const none = removeEntries(
      text,
      facts.map((_fact, index) => index),
    )
    expect(factsOf(none)).toEqual([])
    expect(factsOf(addEntry(none ?? '', entry('new')))).toEqual(['node new'])
  })
})

describe('no document', () => {
  it('becomes one with an entry', () => {
    expect(factsOf(addEntry(undefined, entry('a')))).toEqual(['node a'])
  })

  it('becomes one with a lock, and none again', () => {
    const locked = setLock(undefined, LOCK)
    expect(read(locked).lock).toEqual(LOCK)
    expect(removeLock(locked ?? '')).toBe('absent')
  })
})

describe('a document that is none', () => {
  it.each(['', 'spec: 1', 'spec: {entries: 1}', '{', 'spec:\n  entries:\n    - a\n  entries: []\n'])(
    'is left alone: %j',
    (text) => {
      const edited = addEntry(text, entry('a'))
      // Whatever comes of it does not compile, so it is not written.
      if (edited !== undefined) expect(compile('Revocations', edited).ok).toBe(false)
      expect(removeLock(text)).toBeUndefined()
    },
  )
})

describe('any sequence of changes', () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), name: fc.stringMatching(/^[a-z]{1,4}$/) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(5) }),
    fc.constant({ kind: 'lock' as const }),
    fc.constant({ kind: 'unlock' as const }),
  )

  it('leaves a document that compiles to what was asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DOCUMENTS.map(([, text]) => text)),
        fc.array(change, { maxLength: 8 }),
        (start, changes) => {
          let text: string | undefined = start
          let expected = [...factsOf(start)]
          for (const one of changes) {
            if (one.kind === 'add') {
              text = addEntry(text, entry(one.name))
              expected.push(`node ${one.name}`)
            } else if (one.kind === 'lock') text = setLock(text, LOCK) ?? text
            else if (text === undefined) continue
            else if (one.kind === 'unlock') {
              const unlocked = removeLock(text)
              text = unlocked === 'absent' ? undefined : (unlocked ?? text)
            } else if (one.at < expected.length) {
              text = removeEntries(text, [one.at])
              expected = expected.toSpliced(one.at, 1)
            }
            expect(text === undefined ? [] : factsOf(text)).toEqual(expected)
          }
        },
      ),
    )
  })
})
