import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attestation, type Bench, bench, type Called } from '../call.ts'

const KEY = 'clusters/c-1/Revocations'
const CLUSTER = ['cluster', '--id', 'c-1', '--store', 'store']
const UNTIL = ['--until', '2026-02-01T00:00:00Z', '--reason', 'stolen']

function read({ folder }: Bench, key = KEY): string | undefined {
  try {
    return readFileSync(join(folder, 'store', `${key}.yaml`), 'utf8')
  } catch {
    return undefined
  }
}
function put({ folder }: Bench, text: string, key = KEY): void {
  const file = join(folder, 'store', `${key}.yaml`)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
}
const add = (tool: Bench, ...flags: readonly string[]): Promise<Called> =>
  tool.call('revoke', 'add', ...CLUSTER, ...flags, ...UNTIL)
const list = async (tool: Bench): Promise<{ lock?: object; entries: { revoked: string; active: boolean }[] }> =>
  JSON.parse((await tool.call('revoke', 'list', ...CLUSTER, '--json')).out)

describe('revoke add', () => {
  it.each<[string, readonly string[], string]>([
    ['a pod', ['--pod', 'spirl-system/778a530c'], 'pod spirl-system/778a530c'],
    ['an account', ['--service-account', 'spirl-system/agent'], 'service account spirl-system/agent'],
    ['a node', ['--node', 'node-1'], 'node node-1'],
    ['an attribute', ['--attribute', 'kubernetes.pod.label.app=web=1'], 'attribute kubernetes.pod.label[app]=web=1'],
    ['a token', ['--token', 'j-1', '--issuer', 'https://a.example'], 'token j-1 of https://a.example'],
    [
      'a session',
      ['--session', '0197b3a0-1111-7222-8333-444455556666'],
      'session 0197b3a0-1111-7222-8333-444455556666',
    ],
  ])('makes the document for %s, says what and by when, and lists it', async (_what, flags, revoked) => {
    const tool = bench()
    const { exitCode, out } = await add(tool, ...flags)
    expect(exitCode).toBe(0)
    expect(out).toContain('until 2026-02-01T00:00:00Z: stolen')
    expect(out).toMatch(/within 90 s; in one that cannot read the store within 1 h/)
    expect((await list(tool)).entries).toMatchObject([{ revoked, active: true, reason: 'stolen' }])
    // In the same words, whoever repeats it writes nothing.
    expect((await add(tool, ...flags)).out).toContain('Already revoked')
    expect((await list(tool)).entries).toHaveLength(1)
  })

  it('keeps what an author wrote, and puts the change into the history', async () => {
    const tool = bench()
    put(
      tool,
      'section: Revocations\nschema: v1\nspec:\n  # by hand\n  entries:\n    - node: old # keep\n      until: 2026-03-01T00:00:00Z\n      reason: r\n',
    )
    expect((await add(tool, '--node', 'new')).exitCode).toBe(0)
    expect(read(tool)).toContain('# by hand\n  entries:\n    - node: old # keep\n')
    expect((await list(tool)).entries.map(({ revoked }) => revoked)).toEqual(['node old', 'node new'])
    expect(readdirSync(join(tool.folder, 'store/history', KEY))).toHaveLength(2)
  })

  it('adds a longer entry beside a shorter one', async () => {
    const tool = bench()
    await add(tool, '--node', 'n')
    const { exitCode } = await tool.call('revoke', 'add', ...CLUSTER, '--node', 'n', '--for', '8760h', '--reason', 'x')
    expect(exitCode).toBe(0)
    expect((await list(tool)).entries).toHaveLength(2)
  })

  it('writes for the trust domain too', async () => {
    const tool = bench()
    expect(
      (await tool.call('revoke', 'add', 'trust-domain', '--store', 'store', '--node', 'n', ...UNTIL)).exitCode,
    ).toBe(0)
    expect(read(tool, 'trust-domain/Revocations')).toContain('"node": "n"')
  })

  it.each<[string, readonly string[], string]>([
    ['no fact', UNTIL, 'exactly one of'],
    ['two facts', ['--node', 'a', '--session', 'b', ...UNTIL], 'exactly one of'],
    ['a token without its issuer', ['--token', 'a', ...UNTIL], 'together'],
    ['a pod without a namespace', ['--pod', 'a', ...UNTIL], 'a namespace and a UID'],
    ['no end', ['--node', 'a', '--reason', 'x'], '--until TIME'],
    ['an end in the past', ['--node', 'a', '--until', '2025-01-01T00:00:00Z', '--reason', 'x'], 'not in the future'],
    ['a date without a time', ['--node', 'a', '--until', '2026-02-01', '--reason', 'x'], 'RFC 3339'],
    ['no duration', ['--node', 'a', '--for', 'soon', '--reason', 'x'], 'not a duration'],
    ['no reason', ['--node', 'a', '--for', '1h'], 'reason'],
    ['a long reason', ['--node', 'a', '--for', '1h', '--reason', 'x'.repeat(201)], 'at most 200'],
  ])('with %s is wrong usage, and writes nothing', async (_what, flags, message) => {
    const tool = bench()
    const { exitCode, err } = await tool.call('revoke', 'add', ...CLUSTER, ...flags)
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(read(tool)).toBeUndefined()
  })

  it.each([['ip-10-*'], ['IP-10'], ['a b']])('refuses a node that none can be called: %s', async (node) => {
    const tool = bench()
    const { exitCode, err } = await add(tool, '--node', node)
    expect(exitCode).toBe(1)
    expect(err).toContain('value_invalid')
    expect(read(tool)).toBeUndefined()
  })

  it('does not touch a document that does not compile', async () => {
    const tool = bench()
    put(tool, 'section: Revocations\nschema: v1\nspec: {entires: []}\n')
    const { exitCode, err } = await add(tool, '--node', 'n')
    expect(exitCode).toBe(1)
    expect(err).toContain('does not compile')
    expect(read(tool)).toContain('entires')
  })
})

describe('the warning about evidence that does not hold the fact', () => {
  it.each<[string, readonly string[], string, boolean]>([
    ['a node, where none is required', ['--node', 'n'], '', true],
    ['a node, where allowedNodes requires one', ['--node', 'n'], '            allowedNodes: [n]\n', false],
    ['a pod, where none is required', ['--pod', 'system/u'], '', true],
    ['a pod, where requireBoundPod requires one', ['--pod', 'system/u'], '            requireBoundPod: true\n', false],
    ['an account, which every token has', ['--service-account', 'system/agent'], '', false],
    ['a session', ['--session', '0197b3a0-1111-7222-8333-444455556666'], '', false],
    ['an attribute of workloads', ['--attribute', 'kubernetes.pod.label[app]=x'], '', false],
    ['an attribute of another attestor', ['--attribute', 'aws_iid.account.id=1'], '', true],
  ])('%s', async (_what, flags, lines, warns) => {
    const tool = bench()
    put(tool, attestation() + lines, 'clusters/c-1/AgentAttestation')
    const { exitCode, err } = await add(tool, ...flags)
    expect(exitCode).toBe(0)
    expect(err.includes('admits evidence without')).toBe(warns)
    if (warns) expect(err).toContain('clusters/c-1/AgentAttestation: first')
  })

  it('looks at all clusters and at issuers for an entry of the trust domain', async () => {
    const tool = bench()
    put(tool, attestation(), 'clusters/c-1/AgentAttestation')
    put(
      tool,
      attestation().replace('AgentAttestation', 'TrustDomainServerAttestation'),
      'trust-domain/TrustDomainServerAttestation',
    )
    const { err } = await tool.call('revoke', 'add', 'trust-domain', '--store', 'store', '--node', 'n', ...UNTIL)
    expect(err).toContain('clusters/c-1/AgentAttestation')
    expect(err).toContain('trust-domain/TrustDomainServerAttestation')
  })
})

describe('two operators at once', () => {
  it('both stand, however many they are', async () => {
    const tool = bench()
    const names = Array.from({ length: 12 }, (_, index) => `node-${index}`)
    const results = await Promise.all(names.map((name) => add(tool, '--node', name)))
    expect(results.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 0))
    expect((await list(tool)).entries.map(({ revoked }) => revoked).sort()).toEqual(
      names.map((n) => `node ${n}`).sort(),
    )
  })
})

describe('revoke expire and prune', () => {
  it('end an entry, and remove it', async () => {
    const tool = bench()
    await add(tool, '--node', 'a')
    await add(tool, '--node', 'b')
    const ended = await tool.call('revoke', 'expire', ...CLUSTER, '--node', 'a')
    expect(ended).toMatchObject({ exitCode: 0, out: expect.stringContaining('Ended: node a') })
    expect((await list(tool)).entries).toMatchObject([{ active: false }, { active: true }])
    const listed = await tool.call('revoke', 'list', ...CLUSTER)
    expect(listed.out).toMatch(/expired node a.*\nrevoked node b.*\n.*1 entry in force, 1 expired/s)
    expect((await tool.call('revoke', 'prune', ...CLUSTER)).out).toContain('1 entry removed')
    expect((await list(tool)).entries.map(({ revoked }) => revoked)).toEqual(['node b'])
    expect((await tool.call('revoke', 'prune', ...CLUSTER)).out).toContain('0 entries removed')
  })

  it('say that there is nothing to end', async () => {
    const tool = bench()
    const { exitCode, err } = await tool.call('revoke', 'expire', ...CLUSTER, '--node', 'a')
    expect({ exitCode, err }).toMatchObject({ exitCode: 1, err: expect.stringContaining('no entry in force') })
  })
})

describe('lock and unlock', () => {
  const LOCK = ['--until', '2026-02-01T00:00:00Z']
  it.each<[string, readonly string[], string]>([
    ['a cluster', ['--cluster', 'c-1', '--store', 'store'], KEY],
    ['all', ['--all', '--store', 'store'], 'trust-domain/Revocations'],
  ])('of %s leave every document as it was, byte for byte', async (_what, scope, key) => {
    const documents =
      'section: Revocations\nschema: v1\nspec:\n  entries: # by hand\n    - node: a\n      until: 2026-03-01T00:00:00Z\n      reason: r'
    for (const before of [undefined, documents, `${documents}\n`, 'section: Revocations\nschema: v1\nspec: {}\n']) {
      const tool = bench()
      put(tool, attestation(), 'clusters/c-1/AgentAttestation')
      if (before !== undefined) put(tool, before, key)
      const locked = await tool.call('lock', ...scope, ...LOCK)
      expect(locked).toMatchObject({ exitCode: 0, out: expect.stringContaining('locked until 2026-02-01T00:00:00Z') })
      expect(read(tool, key)).toContain('lock')
      expect((await tool.call('unlock', ...scope)).exitCode).toBe(0)
      expect(read(tool, key)).toBe(before)
      expect(read(tool, 'clusters/c-1/AgentAttestation')).toBe(attestation())
    }
  })

  it('keeps what was revoked meanwhile', async () => {
    const tool = bench()
    await tool.call('lock', '--cluster', 'c-1', '--store', 'store', ...LOCK)
    await add(tool, '--node', 'a')
    await tool.call('unlock', '--cluster', 'c-1', '--store', 'store')
    expect(await list(tool)).toMatchObject({ entries: [{ revoked: 'node a' }] })
    expect((await list(tool)).lock).toBeUndefined()
  })

  it('is listed, and may be made longer', async () => {
    const tool = bench()
    await tool.call('lock', '--cluster', 'c-1', '--store', 'store', ...LOCK)
    await tool.call('lock', '--cluster', 'c-1', '--store', 'store', '--for', '8760h', '--reason', 'longer')
    expect((await list(tool)).lock).toMatchObject({ reason: 'longer' })
    expect((await tool.call('revoke', 'list', ...CLUSTER)).out).toContain('locked until')
  })

  it.each<[string, readonly string[], number, string]>([
    ['no scope', ['lock', '--store', 'store', ...LOCK], 2, '--cluster ID or --all'],
    ['both scopes', ['lock', '--all', '--cluster', 'c', '--store', 'store', ...LOCK], 2, 'cannot be used with'],
    ['no end', ['lock', '--all', '--store', 'store'], 2, '--until TIME'],
    ['no cluster id', ['lock', '--cluster', '..', '--store', 'store', ...LOCK], 2, 'not a cluster id'],
    ['nothing to undo', ['unlock', '--all', '--store', 'store'], 1, 'has no lock'],
  ])('with %s ends with its own code', async (_what, args, exitCode, message) => {
    const called = await bench().call(...args)
    expect(called.exitCode).toBe(exitCode)
    expect(called.err).toContain(message)
  })
})
