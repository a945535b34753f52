import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { attestation, bench, commandTree } from './call.ts'

const tree = commandTree()

describe('the tree of commands', () => {
  it('has each name once', () => {
    expect(new Set(tree.map(({ name }) => name)).size).toBe(tree.length)
    expect(tree.map(({ name }) => name)).toContain('config set')
  })

  it.each([
    [['--help'], ''],
    [[], ''],
    [['config', '--help'], 'config '],
    [['config', '-h'], 'config '],
  ])('is printed for %j', async (args, prefix) => {
    const { exitCode, out, err } = await bench().call(...args)
    expect([exitCode, err]).toEqual([0, ''])
    const listed = out.split('\n').flatMap((line) => /^ {2}([a-z][a-z-]*) {2,}\S/.exec(line)?.[1] ?? [])
    const below = tree.filter(({ name }) => name.startsWith(prefix))
    const names = below.map(({ name }) => name.slice(prefix.length).split(' ')[0])
    expect(new Set(listed)).toEqual(new Set([...names, 'help']))
  })

  it.each(tree)('$name explains itself with --help', async ({ name, flags, words, summary }) => {
    const { exitCode, out } = await bench().call(...name.split(' '), '--help')
    expect(exitCode).toBe(0)
    expect(out.replace(/\s+/g, ' ')).toContain(summary)
    for (const part of [...flags, ...words]) expect(out).toMatch(new RegExp(`^ +${part}\\b.* {2}\\S`, 'm'))
  })

  it.each([
    [['config', 'validte'], 'Did you mean validate?'],
    [['confg'], 'Did you mean config?'],
    [['config', 'validate', '--jsn'], 'Did you mean --json?'],
    [['config'], 'Missing subcommand. Expected one of: validate, set'],
    [['toString'], "unknown command 'toString'"],
    [['--verbose'], "unknown option '--verbose'"],
    [['keys', 'rotate'], "missing required argument 'file'"],
    [['keys', 'rotate', 'a', 'b'], 'too many arguments'],
    [['keys', 'rotate', 'a', '--promote', '--retire'], 'cannot be used with'],
    [['keys', 'new'], "'--out <file>' not specified"],
    [['config', 'get', 'cluster', 'Cluster'], 'Missing --id'],
    [['config', 'get', 'trust-domain', 'TrustDomain', '--store', ''], 'must not be empty'],
  ])('says what is wrong with %j, and how the command is used', async (args, said) => {
    const { exitCode, out, err } = await bench().call(...args)
    expect([exitCode, out]).toEqual([2, ''])
    expect(err.split('\n')[0]).toContain(said)
    expect(err).toContain('\nUsage: postern ')
  })

  it('takes no flag for the value of another', async () => {
    const { call, file } = bench()
    const name = file('a.yaml', attestation())
    const { exitCode } = await call(
      'config',
      'set',
      'trust-domain',
      name,
      '--store',
      'store',
      '--actor',
      '--validate-only',
    )
    expect(exitCode).toBe(2)
  })

  it.each([[['--version']], [['config', 'get', '--version']]])('prints the version for %j', async (args) => {
    expect(await bench().call(...args)).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^postern \S+\n$/) })
  })

  it.each([[['--', 'config', 'validate', 'a.yaml']], [['config', 'validate', '--', 'a.yaml']]])(
    'may have dashes between: %j',
    async (args) => {
      const { call, file } = bench()
      file('a.yaml', attestation())
      expect((await call(...args)).exitCode).toBe(0)
    },
  )

  it('colours what goes to a terminal, and nothing else', async () => {
    const plain = bench()
    expect((await plain.call('config', 'validate', plain.file('a.yaml', attestation('"')))).out).not.toContain('\u001b')
    const coloured = bench({ colour: true })
    const { out } = await coloured.call('config', 'validate', coloured.file('a.yaml', attestation('"')))
    expect(out).toContain('\u001b[31merror\u001b[39m')
  })
})

describe('postern, as a process', () => {
  it('is what package.json runs', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8')).scripts.postern).toBe('exec node src/cli/postern.ts')
  })

  /** Without what this process was told of colours. */
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...plain } = process.env

  async function postern(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const child = promisify(execFile)(process.execPath, ['src/cli/postern.ts', ...args], {
      env: { ...plain, ...environment },
    })
    return child.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error,
    )
  }

  it('ends with the status of the command, results on stdout and the rest on stderr', async () => {
    const { folder, file } = bench()
    file('bad.yaml', attestation().replace('k8s_token', 'k8s_tokn'))
    const good = await postern(['config', 'validate', 'examples/AgentAttestation.yaml'])
    expect(good).toMatchObject({ code: 0, stderr: '' })
    const bad = await postern(['config', 'validate', `${folder}/bad.yaml`])
    expect(bad).toMatchObject({ code: 1, stderr: '' })
    expect(bad.stdout).toContain('bad.yaml:7:17: error attestor_unknown')
    expect(await postern(['config', 'get'])).toMatchObject({ code: 2, stdout: '' })
    expect(await postern(['config'])).toMatchObject({ code: 2, stdout: '' })
    expect(await postern(['--help'])).toMatchObject({ code: 0, stderr: '' })
  })

  it.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['a pipe', {}, false],
    ['a pipe where it is forced', { FORCE_COLOR: '1' }, true],
    ['a pipe where it is forced to none', { FORCE_COLOR: '0' }, false],
    ['a pipe where none is wanted', { NO_COLOR: '1' }, false],
  ])('colours what goes to %s as Node would', async (_what, environment, isColoured) => {
    const { stdout } = await postern(['config', 'validate', 'examples/AgentAttestation.yaml'], environment)
    expect(stdout.includes('\u001b[32mvalid\u001b[39m')).toBe(isColoured)
  })

  it('prints a large document whole into a pipe', async () => {
    const { folder, file } = bench()
    const text = `${attestation()}#${'x'.repeat(900_000)}\n`
    file('store/clusters/c-1/AgentAttestation.yaml', text)
    const where = ['cluster', '--id', 'c-1', '--store', `${folder}/store`]
    const { stdout } = await postern(['config', 'get', ...where, 'AgentAttestation'])
    expect({ length: stdout.length, isSame: stdout === text }).toEqual({ length: text.length, isSame: true })
  })
})
