import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { attestation, bench } from './call.ts'

describe('the table of commands', () => {
  it('has each name once, and names in usages as they are called', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
    for (const { name, usage } of COMMANDS) {
      expect(usage.length).toBeGreaterThan(0)
      for (const line of usage) expect(line.startsWith(`${name} `)).toBe(true)
    }
  })

  it.each([[['--help']], [[]], [['config', '--help']]])('is printed for %j', async (args) => {
    const { exitCode, out } = await bench().call(...args)
    expect(exitCode).toBe(0)
    for (const { name, summary } of COMMANDS) {
      const line = out.split('\n').find((text) => text.startsWith(`  ${name} `))
      if (args.length < 2 || name.startsWith('config ')) expect(line?.endsWith(`  ${summary}`)).toBe(true)
    }
  })

  it.each(COMMANDS)('$name explains every flag of its usage with --help', async ({ name, usage, options }) => {
    const { exitCode, out } = await bench().call(...name.split(' '), '--help')
    expect(exitCode).toBe(0)
    const flags = usage.join(' ').match(/--[a-z-]+/g) ?? []
    for (const flag of flags) expect(options.some(([given]) => given.split(' ')[0] === flag)).toBe(true)
    for (const [flag] of options) expect(out).toContain(flag)
  })

  it.each([
    [['config', 'validte'], 'did you mean "config validate"?'],
    [['config'], 'config validate, config set'],
    [['toString'], 'choose from'],
    [['--verbose'], 'There is no command'],
  ])('tells what there is instead of %j', async (args, said) => {
    const { exitCode, err } = await bench().call(...args)
    expect(exitCode).toBe(2)
    expect(err).toContain(said)
  })

  it('colours what goes to a terminal, and nothing else', async () => {
    const plain = bench()
    expect((await plain.call('config', 'validate', plain.file('a.yaml', attestation('"')))).out).not.toContain('\u001b')
    const coloured = bench({ colour: true })
    const { out } = await coloured.call('config', 'validate', coloured.file('a.yaml', attestation('"')))
    expect(out).toContain('\u001b[31merror\u001b[0m')
  })
})

describe('postern, as a process', () => {
  it('is what package.json runs', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8')).scripts.postern).toBe('exec node src/cli/postern.ts')
  })

  async function postern(...args: readonly string[]) {
    const child = promisify(execFile)(process.execPath, ['src/cli/postern.ts', ...args])
    return child.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error,
    )
  }

  it('ends with the status of the command, results on stdout and the rest on stderr', async () => {
    const { folder, file } = bench()
    file('bad.yaml', attestation().replace('k8s_token', 'k8s_tokn'))
    expect(await postern('config', 'validate', 'examples/AgentAttestation.yaml')).toMatchObject({ code: 0, stderr: '' })
    const bad = await postern('config', 'validate', `${folder}/bad.yaml`)
    expect(bad).toMatchObject({ code: 1, stderr: '' })
    expect(bad.stdout).toContain('bad.yaml:7:17: error attestor_unknown')
    expect(await postern('config', 'get')).toMatchObject({ code: 2, stdout: '' })
  })

  it('prints a large document whole into a pipe', async () => {
    const { folder, file } = bench()
    const text = `${attestation()}#${'x'.repeat(900_000)}\n`
    file('store/clusters/c-1/AgentAttestation.yaml', text)
    const where = ['cluster', '--id', 'c-1', '--store', `${folder}/store`]
    const { stdout } = await postern('config', 'get', ...where, 'AgentAttestation')
    expect({ length: stdout.length, isSame: stdout === text }).toEqual({ length: text.length, isSame: true })
  })
})
