// A software TPM: swtpm in a folder of its own, and the programs of tpm2-tools that a host would run.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isInstalled } from '../../installed.ts'

/** Of Debian's packages swtpm, swtpm-tools and tpm2-tools. */
export const SOFTWARE_TPM = ['swtpm', 'swtpm_setup', 'tpm2_activatecredential'].every(isInstalled)

export const EK_KINDS = ['rsa', 'ecc', 'p384'] as const
export type EkKind = (typeof EK_KINDS)[number]

export interface SoftwareTpm {
  readonly folder: string
  /** For programs that are started in the folder. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Runs `tpm2_<name>` in the folder, and frees its transient objects; throws what it says if it fails. */
  run(name: string, ...args: readonly string[]): Buffer
  /** A file of the folder, in base64. */
  read(file: string): string
  /** Makes an EK and an AK of this kind once; their public areas, in base64. `p384` needs a certified TPM. */
  keys(kind: EkKind): { readonly ek: string; readonly ak: string }
  /** SHA-256 of the EK as a SubjectPublicKeyInfo, which the tools write, in hex. */
  hash(kind: EkKind): string
  /** The same of any key, by its handle or the file of its context. */
  hashOf(key: string): string
  /** The certificate of the EK, in base64; of `rsa` and `p384` of a certified TPM. */
  certificate(kind: EkKind): string
  /** What the TPM opens. @throws if it does not */
  activate(kind: EkKind, credential: string): Buffer
  /** The answer that an agent sends. */
  answer(kind: EkKind, credential: string, message: string): string
  stop(): void
}

/** The authority of certified TPMs: an intermediate and its root, in PEM, once a TPM has been certified. */
export interface TpmAuthority {
  readonly folder: string
  issuer(): string
  root(): string
  remove(): void
}

export function openTpmAuthority(): TpmAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tpm-ca-'))
  const ca = join(folder, 'ca')
  const options = ['signingkey = @/signkey.pem', 'issuercert = @/issuercert.pem', 'certserial = @/certserial']
  writeFileSync(join(folder, 'ca.conf'), ['statedir = @', ...options, ''].join('\n').replaceAll('@', ca))
  const model = '--platform-manufacturer Example\n--platform-version 2.1\n--platform-model Example\n'
  writeFileSync(join(folder, 'ca.options'), model)
  const setup = [
    'tool= /usr/bin/swtpm_localca',
    `tool_config = ${folder}/ca.conf`,
    `tool_options = ${folder}/ca.options`,
  ]
  writeFileSync(join(folder, 'setup.conf'), setup.map((line) => `create_certs_${line}\n`).join(''))
  return {
    folder,
    issuer: () => readFileSync(join(ca, 'issuercert.pem'), 'utf8'),
    root: () => readFileSync(join(ca, 'swtpm-localca-rootca-cert.pem'), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Where manufacturers put EKs, and in the NV memory their certificates. */
const MADE: Readonly<Partial<Record<EkKind, readonly [handle: string, certificate: string]>>> = {
  rsa: ['0x81010001', '0x1c00002'],
  p384: ['0x81010016', '0x1c00016'],
}
/** The third branch of the policy of the high-range template for P-384 (TCG EK Credential Profile, annex B.6). */
const POLICY_C = 'd6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165'
export const AK_ATTRIBUTES = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'

/** @param authority makes EKs and their certificates before the start, as a manufacturer does. */
export async function startTpm(authority?: TpmAuthority): Promise<SoftwareTpm> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tpm-'))
  const state = join(folder, 'state')
  mkdirSync(state)
  if (authority !== undefined) {
    const args = ['--tpm2', '--tpmstate', state, '--create-ek-cert', '--config', join(authority.folder, 'setup.conf')]
    run('swtpm_setup', args, folder)
  }
  const { server, port } = await startServer(state)
  const PATH = `${wrapTools(folder)}:${process.env['PATH']}`
  const environment = { ...process.env, PATH, TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${port}` }
  const made = new Map<EkKind, { readonly ek: string; readonly ak: string }>()
  const tpm: SoftwareTpm = {
    folder,
    environment,
    run: (name, ...args) => run(`tpm2_${name}`, args, folder, environment),
    read: (file) => readFileSync(join(folder, file)).toString('base64'),
    keys(kind) {
      const known = made.get(kind)
      if (known !== undefined) return known
      const [handle] = authority === undefined ? [] : (MADE[kind] ?? [])
      if (handle === undefined) {
        tpm.run('createek', '-c', `${kind}.ek`, '-G', kind, '-u', `${kind}.ek.pub`)
        tpm.run('createak', '-C', `${kind}.ek`, '-c', `${kind}.ak`, ...AK[kind], '-u', `${kind}.ak.pub`)
      } else {
        tpm.run('readpublic', '-c', handle, '-o', `${kind}.ek.pub`)
        tpm.run('createprimary', '-C', 'o', '-G', 'ecc256:ecdsa-sha256:null', '-a', AK_ATTRIBUTES, '-c', `${kind}.ak`)
        tpm.run('readpublic', '-c', `${kind}.ak`, '-o', `${kind}.ak.pub`)
      }
      const keys = { ek: tpm.read(`${kind}.ek.pub`), ak: tpm.read(`${kind}.ak.pub`) }
      made.set(kind, keys)
      return keys
    },
    hash(kind) {
      tpm.keys(kind)
      return tpm.hashOf(contextOf(kind))
    },
    hashOf(key) {
      tpm.run('readpublic', '-c', key, '-f', 'der', '-o', 'key.der')
      const der = readFileSync(join(folder, 'key.der'))
      return createHash('sha256').update(der).digest('hex')
    },
    certificate(kind) {
      const [, index = ''] = MADE[kind] ?? []
      return tpm.run('nvread', index, '-C', 'o').toString('base64')
    },
    activate(kind, credential) {
      writeFileSync(join(folder, 'credential'), Buffer.from(credential, 'base64'))
      try {
        run('tpm2_startauthsession', ['--policy-session', '-S', 's', ...HASH[kind]], folder, environment)
        const by = ['-c', `${kind}.ak`, '-C', contextOf(kind), '-i', 'credential', '-o', 'secret', '-P', 'session:s']
        run('tpm2_policysecret', ['-S', 's', '-c', 'e', ...(kind === 'p384' ? ['-L', 'a'] : [])], folder, environment)
        if (kind === 'p384') {
          writeFileSync(join(folder, 'c'), Buffer.from(POLICY_C, 'hex'))
          run('tpm2_policyor', ['-S', 's', '-L', 'b', 'sha384:a,c'], folder, environment)
        }
        run('tpm2_activatecredential', by, folder, environment)
        return readFileSync(join(folder, 'secret'))
      } finally {
        run('tpm2_flushcontext', ['-l'], folder, environment)
      }
    },
    answer: (kind, credential, message) =>
      createHmac('sha256', tpm.activate(kind, credential)).update(message).digest('base64'),
    stop() {
      server.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  const contextOf = (kind: EkKind): string => (authority === undefined ? undefined : MADE[kind]?.[0]) ?? `${kind}.ek`
  return tpm
}

const AK: Readonly<Record<EkKind, readonly string[]>> = {
  rsa: ['-G', 'rsa', '-g', 'sha256', '-s', 'rsassa'],
  ecc: ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa'],
  p384: [],
}
const HASH: Readonly<Record<EkKind, readonly string[]>> = { rsa: [], ecc: [], p384: ['-g', 'sha384'] }

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr.toString()}`)
  return stdout
}

/**
 * The tools as they are on a host, where the kernel keeps the objects of programs apart: this TPM has room for three, so that each
 * tool frees what it has loaded.
 */
function wrapTools(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  for (const name of ['createek', 'createak', 'createprimary', 'create', 'readpublic', 'evictcontrol', 'policysecret'])
    wrap(name)
  for (const name of ['startauthsession', 'activatecredential', 'nvread']) wrap(name)
  return bin

  function wrap(name: string): void {
    const tool = spawnSync('sh', ['-c', `command -v tpm2_${name}`], { encoding: 'utf8' }).stdout.trim()
    const script = `#!/bin/sh\n${tool} "$@" || exit\nexec tpm2_flushcontext -t\n`
    writeFileSync(join(bin, `tpm2_${name}`), script, { mode: 0o755 })
  }
}

/** Runs a block of a page in the folder of the TPM; what it prints. @throws what it says if it fails */
export function runBlock(tpm: SoftwareTpm, block: string, environment: Readonly<Record<string, string>> = {}): string {
  return run('sh', ['-e', '-c', block], tpm.folder, { ...tpm.environment, ...environment }).toString()
}

/** The tools look for the control port beside the other one, so two neighbours must be free. */
async function startServer(state: string): Promise<{ readonly server: ChildProcess; readonly port: number }> {
  for (let times = 0; times < 20; times++) {
    const port = await findFreePort()
    const at = (number: number): string => `type=tcp,bindaddr=127.0.0.1,port=${number}`
    const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--server', at(port), '--ctrl', at(port + 1)]
    const server = spawn('swtpm', [...args, '--flags', 'not-need-init,startup-clear'], { stdio: 'ignore' })
    const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${port}` }
    while (server.exitCode === null) {
      if (spawnSync('tpm2_getrandom', ['--hex', '1'], { env }).status === 0) return { server, port }
      await new Promise((next) => setTimeout(next, 10))
    }
  }
  throw new Error('swtpm finds no two free ports side by side')
}

function findFreePort(): Promise<number> {
  return new Promise((found, fail) => {
    const probe = createServer().once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
