// The agent and a TPM: what it reads and sends, and the commands of docs/agent.md with a software TPM, as they stand there.
import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { proveTpm, readTpmKeys, type TpmOptions } from '../../../src/cli/agent/tpm.ts'
import { createProofWorld, saidBy } from '../../attest/proof-world.ts'
import { runBlock, SOFTWARE_TPM, startTpm } from '../../attest/tpm-ek/software-tpm.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-agent-tpm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, content, { mode })
  return path
}
const executable = (name: string, script: string): string => write(name, `#!/bin/sh\n${script}\n`, 0o700)
const NONE: TpmOptions = { tpmEk: undefined, tpmAk: undefined, tpmActivate: undefined, tpmCertFile: undefined }
const challenge = { message: 'five lines', published: { credential: Buffer.from('credential').toString('base64') } }
const messageOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => 'collected',
    (error: Error) => error.message,
  )

describe('the agent with a TPM', () => {
  it('asks with two public areas', async () => {
    const options = { ...NONE, tpmEk: write('ek', 'e'), tpmAk: write('ak', 'a') }
    expect(await readTpmKeys(options)).toEqual({ ek: 'ZQ==', ak: 'YQ==' })
    for (const left of ['tpmEk', 'tpmAk'])
      expect(await messageOf(readTpmKeys({ ...options, [left]: undefined }))).toMatch(/add --tpm-ek and --tpm-ak/)
    expect(await messageOf(readTpmKeys({ ...options, tpmAk: join(folder, 'nothing') }))).toMatch(/file of --tpm-ak/)
  })

  it('gives the credential to the executable, and keys its answer with what comes out', async () => {
    const tpmActivate = executable('activate', `cat > ${folder}/given; printf %032d 7`)
    const answer = createHmac('sha256', `${'0'.repeat(31)}7`)
      .update('five lines')
      .digest('base64')
    expect(await proveTpm({ ...NONE, tpmActivate }, challenge)).toEqual({ answer })
    expect(readFileSync(join(folder, 'given'), 'utf8')).toBe('credential')
  })

  it('sends the certificate of the EK, and its issuers in turn', async () => {
    const block = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
    const tpmActivate = executable('activate-2', 'printf %032d 7')
    const tpmCertFile = write('chain.pem', block('AAAA') + block('BBBB') + block('CCCC'))
    expect(await proveTpm({ ...NONE, tpmActivate, tpmCertFile }, challenge)).toMatchObject({
      ekCertificate: 'AAAA',
      intermediates: ['BBBB', 'CCCC'],
    })
    write('chain.pem', 'SECRET')
    expect(await messageOf(proveTpm({ ...NONE, tpmActivate, tpmCertFile }, challenge))).toMatch(/not PEM(?!.*SECRET)/)
  })

  it.each<[string, () => string | undefined, RegExp]>([
    ['is not named', () => undefined, /add --tpm-activate/],
    ['does not exist', () => join(folder, 'nothing'), /cannot be run: ENOENT/],
    ['fails', () => executable('fails', 'echo SECRET; exit 3'), /exit code 3/],
    ['prints a byte less', () => executable('less', 'printf %031d 7'), /printed 31 bytes/],
    ['prints a byte more', () => executable('more', 'printf %033d 7'), /printed 33 bytes/],
    ['prints very much', () => executable('much', 'head -c 2000 /dev/zero'), /printed more than/],
  ])('an executable that %s is reported, without what it printed', async (_what, path, message) => {
    const failed = await messageOf(proveTpm({ ...NONE, tpmActivate: path() }, challenge))
    expect(failed).toMatch(message)
    expect(failed).not.toContain('SECRET')
  })

  it('says that the gateway is of another version', async () => {
    const tpmActivate = executable('activate-3', 'printf %032d 7')
    expect(await messageOf(proveTpm({ ...NONE, tpmActivate }, { message: 'm', published: {} }))).toMatch(/version/)
  })

  it.skipIf(!SOFTWARE_TPM)(
    'logs in by the commands of docs/agent.md',
    async () => {
      const proof = await createProofWorld('tpm_ek')
      const tpm = await startTpm()
      try {
        const section = readFileSync('docs/agent.md', 'utf8').split('### A TPM')[1] ?? ''
        const [setup = '', script = ''] = Array.from(section.matchAll(/```sh\n([\s\S]*?)```/g), ([, text = '']) => text)
        runBlock(tpm, setup)
        const [tpmEk, tpmAk] = [join(tpm.folder, 'ek.pub'), join(tpm.folder, 'ak.pub')]
        // The executable is started with the agent's own environment.
        const [first = '', ...rest] = script.split('\n')
        mkdirSync(join(folder, 'bin'), { recursive: true })
        const settings = `export TPM2TOOLS_TCTI='${tpm.environment['TPM2TOOLS_TCTI']}' PATH='${tpm.environment['PATH']}'`
        const tpmActivate = write('bin/tpm-activate', [first, settings, ...rest].join('\n'), 0o700)
        const options: TpmOptions = { ...NONE, tpmEk, tpmAk, tpmActivate }
        proof.putPolicy({ allowedHashes: [tpm.hashOf('0x81010001')] })
        const request = (await readTpmKeys(options)) as object
        const { challenge: sealed, message, ...published } = await proof.challenge('c-1', request)
        const evidence = (await proveTpm(options, { message, published })) as object
        expect(await saidBy(proof.logIn(evidence, sealed))).toBe('admitted')
      } finally {
        tpm.stop()
        await proof.world.stop()
      }
    },
    120_000,
  )
})
