// New secrets go into a file of their owner's, and a key is replaced in three steps in their order and time.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { PUBLISHED_MAX_AGE_SECONDS } from '../../src/core/limits.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { bench, START_MILLIS } from '../cli/call.ts'

const FILE = 'postern.env'

/** A bench whose clock the test sets; `postern.env` is made. */
async function rig(extra = '') {
  let nowMillis = START_MILLIS
  const { folder, call } = bench({ clock: () => nowMillis })
  const made = await call('keys', 'new', '--out', FILE)
  expect(made.exitCode).toBe(0)
  const path = join(folder, FILE)
  writeFileSync(path, `# ours\n${readFileSync(path, 'utf8')}${extra}`)
  const kids = (): readonly string[] =>
    JSON.parse(parseEnv(readFileSync(path, 'utf8'))['SESSION_SIGNING_KEYS'] ?? '').keys.map(
      ({ kid }: { readonly kid: string }) => kid,
    )
  return {
    made,
    path,
    kids,
    call,
    step: (...flags: readonly string[]) => call('keys', 'rotate', FILE, ...flags),
    later(seconds: number) {
      nowMillis += seconds * 1000
    },
  }
}

describe('keys new', () => {
  it('writes secrets that a gateway starts with, for their owner alone, and prints none', async () => {
    const { path, made } = await rig()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const environment = parseEnv(readFileSync(path, 'utf8'))
    const read = readSettings(
      { ...environment, TRUST_DOMAIN: 'example.org', ISSUER_URL: 'https://login.example.org' },
      { canResolve: true },
    )
    expect(read).toMatchObject({ ok: true, value: { sealKeys: [expect.any(Uint8Array)] } })
    expect(made.out + made.err).not.toContain('"d"')
    expect(made.out + made.err).not.toContain(environment['SEAL_KEYS'])
  })

  it('replaces no file', async () => {
    const { path, call } = await rig()
    const before = readFileSync(path, 'utf8')
    expect((await call('keys', 'new', '--out', FILE)).exitCode).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it.each([[[]], [['--out', '']], [['--out', 'a.env', 'b']]])('does not take %j', async (args) => {
    expect((await bench().call('keys', 'new', ...args)).exitCode).toBe(2)
  })
})

describe('keys rotate', () => {
  it('appends, promotes and retires, and leaves all else in the file as it was', async () => {
    const { path, kids, step, later } = await rig('SESSION_TTL_SECONDS=600\n')
    const before = readFileSync(path, 'utf8')
    const [old] = kids()

    expect(await step()).toMatchObject({ exitCode: 0, out: '', err: expect.stringContaining('300 s') })
    const [, fresh] = kids()
    expect(kids()).toEqual([old, fresh])
    later(PUBLISHED_MAX_AGE_SECONDS)
    expect(await step('--promote')).toMatchObject({ exitCode: 0, err: expect.stringContaining('600 s') })
    expect(kids()).toEqual([fresh, old])
    later(600)
    expect((await step('--retire')).exitCode).toBe(0)
    expect(kids()).toEqual([fresh])

    const others = (text: string) => text.split('\n').filter((line) => !line.startsWith('SESSION_SIGNING_KEYS='))
    expect(others(readFileSync(path, 'utf8'))).toEqual(others(before))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    // Another one can begin.
    expect((await step()).exitCode).toBe(0)
  })

  it.each<[string, readonly (readonly [flag: string | undefined, waitSeconds: number, exitCode: number])[]]>([
    ['a promotion without a new key', [['--promote', 0, 1]]],
    ['a retirement without a new key', [['--retire', 0, 1]]],
    [
      'a second new key',
      [
        [undefined, 0, 0],
        [undefined, 9999, 1],
      ],
    ],
    [
      'a retirement of the key that signs',
      [
        [undefined, 0, 0],
        ['--retire', 9999, 1],
      ],
    ],
    [
      'a second promotion, which would undo the first',
      [
        [undefined, 0, 0],
        ['--promote', 300, 0],
        ['--promote', 9999, 1],
      ],
    ],
    [
      'a promotion before the published set is read again',
      [
        [undefined, 0, 0],
        ['--promote', 299, 1],
      ],
    ],
    [
      'a retirement while sessions live',
      [
        [undefined, 0, 0],
        ['--promote', 300, 0],
        ['--retire', 3599, 1],
      ],
    ],
  ])('refuses %s, and changes nothing', async (_what, steps) => {
    const { path, step, later } = await rig()
    for (const [flag, waitSeconds, exitCode] of steps) {
      later(waitSeconds)
      const before = readFileSync(path, 'utf8')
      expect((await step(...(flag === undefined ? [] : [flag]))).exitCode).toBe(exitCode)
      expect(readFileSync(path, 'utf8') === before).toBe(exitCode === 1)
    }
  })

  it('retires the key that signed before, and no other one', async () => {
    const { path, kids, step, later } = await rig()
    const { call } = await rig()
    await step()
    const text = readFileSync(path, 'utf8')
    const other = bench()
    await other.call('keys', 'new', '--out', 'x.env')
    const extra = JSON.parse(parseEnv(readFileSync(join(other.folder, 'x.env'), 'utf8'))['SESSION_SIGNING_KEYS'] ?? '')
      .keys[0]
    const { d: _private, ...publicKey } = extra
    writeFileSync(path, text.replace("]}'", `,${JSON.stringify(publicKey)}]}'`))
    later(300)
    await step('--promote')
    later(3600)
    await step('--retire')
    expect(kids()).toHaveLength(2)
    expect(kids()).toContain(extra.kid)
    expect((await call('keys', 'rotate', FILE, '--promote', '--retire')).exitCode).toBe(2)
  })

  it.each([
    ['without keys', 'A=b\n'],
    ['with keys that cannot be used', "SESSION_SIGNING_KEYS='{}'\n"],
    ['with two lines of keys', "SESSION_SIGNING_KEYS='{}'\nSESSION_SIGNING_KEYS='{}'\n"],
  ])('refuses a file %s', async (_what, text) => {
    const { file, call } = bench()
    expect((await call('keys', 'rotate', file('a.env', text))).exitCode).toBe(1)
  })
})
