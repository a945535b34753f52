// The units of systemd: what systemd says of them, and their commands run as they stand, by the single executable.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeExecutable } from '../../dev/executable.ts'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { formatEnvFile, readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { isInstalled } from '../installed.ts'
import { logIn, samplePolicy } from '../package/larger-app.ts'
import { CAN_CHANGE_ROOT, type ImageRoot, makeImageRoot } from './image-root.ts'

const UNITS = readdirSync('deploy').filter((file) => file.endsWith('.service'))
const PROGRAM = '/usr/local/bin/postern'
const textOf = (unit: string): string => readFileSync(`deploy/${unit}`, 'utf8')
const directive = (unit: string, name: string): string =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(textOf(unit))?.[1] ?? ''

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-units-'))
  await makeExecutable(join(folder, 'postern'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!isInstalled('systemd-analyze')).each(UNITS)('%s', (unit) => {
  const analyze = (text: string, ...command: readonly string[]) => {
    const file = join(folder, unit)
    writeFileSync(file, text.replaceAll(PROGRAM, join(folder, 'postern')))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...command, file], { encoding: 'utf8' })
    return { status, said: stdout + stderr }
  }

  it('is what systemd reads without a word', () => {
    expect(analyze(textOf(unit), 'verify', '--man=no')).toEqual({ status: 0, said: '' })
    // A directive that does not exist is told.
    expect(analyze(`${textOf(unit)}\n[Service]\nRestrictThis=yes\n`, 'verify', '--man=no').said).toContain(
      'RestrictThis',
    )
  })

  it('leaves little exposed', () => {
    expect(analyze(textOf(unit), 'security', '--offline=true', '--threshold=30').status).toBe(0)
    expect(analyze('[Service]\nExecStart=/bin/true\n', 'security', '--offline=true', '--threshold=30').status).toBe(1)
  })
})

describe.skipIf(!CAN_CHANGE_ROOT)('the commands of the units', () => {
  let root: ImageRoot
  let cluster: StandInCluster
  beforeAll(async () => {
    cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
    root = makeImageRoot()
    root.write(PROGRAM, '')
    writeFileSync(join(root.folder, PROGRAM), readFileSync(join(folder, 'postern')))
    chmodSync(join(root.folder, PROGRAM), 0o755)
    root.write('/etc/postern/documents/clusters/c-1/AgentAttestation.yaml', samplePolicy(cluster))
  })
  afterAll(async () => {
    root?.remove()
    await cluster?.close()
  })

  it('the gateway serves with its environment file and its state directory, and ends in time', async () => {
    const settings = await readDevelopmentSettings(join(folder, 'secrets'), 'http://127.0.0.1:8787')
    root.write(directive('postern.service', 'EnvironmentFile'), formatEnvFile(settings))
    const argv = [...directive('postern.service', 'ExecStart').split(' '), '--port', '0']
    expect(argv[argv.indexOf('--state') + 1]).toBe(`/var/lib/${directive('postern.service', 'StateDirectory')}`)
    const child = root.start(argv, { user: '10001:10001', environment: settings, writable: ['/var/lib/postern'] })
    const url = await new Promise<string>((ready, fail) => {
      let said = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        const [, found] = /^Postern listens on (\S+)$/m.exec(said) ?? []
        if (found !== undefined) ready(found)
      })
      child.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)))
    })
    expect((await logIn(url, await cluster.mint())).status).toBe(200)
    const before = Date.now()
    const ended = new Promise<number | null>((end) => child.once('exit', (code) => end(code)))
    child.kill(directive('postern.service', 'KillSignal') as NodeJS.Signals)
    expect(await ended).toBe(0)
    expect(Date.now() - before).toBeLessThan(Number(directive('postern.service', 'TimeoutStopSec')) * 1000)
  })

  it.each(['postern.service', 'postern-agent.service'])(
    '%s is not started again where a flag is wrong',
    async (unit) => {
      const argv = [...directive(unit, 'ExecStart').split(' '), '--mistyped']
      const child = root.start(argv, { user: '10001:10001', environment: {}, writable: ['/run/postern'] })
      const code = await new Promise<number | null>((end) => child.once('exit', (status) => end(status)))
      expect(String(code)).toBe(directive(unit, 'RestartPreventExitStatus'))
    },
  )

  it('the agent starts with its flags, and says what it lacks', async () => {
    const argv = [...directive('postern-agent.service', 'ExecStart').split(' '), '--once']
    const [name = '', value = ''] = directive('postern-agent.service', 'Environment').split(/=(.*)/)
    const child = root.start(argv, { user: '0:0', environment: { [name]: value }, writable: ['/run/postern'] })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const code = await new Promise<number | null>((end) => child.once('close', (status) => end(status)))
    // There is neither the gateway of the example nor a host key here.
    expect([2, 4]).toContain(code)
    expect(said).toMatch(/ssh_pop|login\.example\.org/)
  })
})
