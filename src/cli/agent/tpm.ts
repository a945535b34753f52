// The evidence of tpm_ek: public areas from files, and an executable of the operator that has the TPM open a credential. Which handles,
// passwords and policies its keys have only that host knows.
import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readPemBlocks } from '../../certificate/pem.ts'
import type { Json } from '../../core/json.ts'
import { AGENT_PROOF_TIMEOUT_MILLIS } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import { CollectError } from './metadata.ts'
import { describeEnd } from './proof-command.ts'

export interface TpmOptions {
  /** Files of tpm2-tools: TPM2B_PUBLIC. */
  readonly tpmEk: string | undefined
  readonly tpmAk: string | undefined
  /** An executable: the credential on its standard input, what the TPM opens on its standard output. */
  readonly tpmActivate: string | undefined
  readonly tpmCertFile: string | undefined
}

/** @throws {CollectError} with the next step */
export async function readTpmKeys({ tpmEk, tpmAk }: TpmOptions): Promise<Json> {
  if (tpmEk === undefined || tpmAk === undefined)
    throw new CollectError(
      'tpm_ek needs the public areas of an endorsement key and of an attestation key: add --tpm-ek and --tpm-ak',
    )
  const read = async (file: string, flag: string): Promise<string> => (await readBytes(file, flag)).toString('base64')
  return { ek: await read(tpmEk, '--tpm-ek'), ak: await read(tpmAk, '--tpm-ak') }
}

/** @throws {CollectError} that holds nothing of what the executable printed */
export async function proveTpm(
  { tpmActivate, tpmCertFile }: TpmOptions,
  challenge: { readonly message: string; readonly published: Readonly<Record<string, unknown>> } | undefined,
): Promise<Json> {
  if (tpmActivate === undefined)
    throw new CollectError('an executable has the TPM open the credential of tpm_ek: add --tpm-activate')
  const credential = challenge?.published['credential']
  if (challenge === undefined || typeof credential !== 'string')
    throw new CollectError('the gateway gave no credential for the TPM: it is of another version')
  const chain = tpmCertFile === undefined ? {} : await readChain(tpmCertFile)
  const secret = await runActivate(tpmActivate, Buffer.from(credential, 'base64'))
  return { answer: createHmac('sha256', secret).update(challenge.message).digest('base64'), ...chain }
}

async function readChain(file: string): Promise<{ readonly ekCertificate: string; readonly intermediates: string[] }> {
  const blocks = readPemBlocks((await readBytes(file, '--tpm-cert-file')).toString('utf8'), 'CERTIFICATE')
  const [ekCertificate = '', ...intermediates] = blocks.map((block) => ('base64' in block ? block.base64 : ''))
  if ([ekCertificate, ...intermediates].includes(''))
    throw new CollectError('the file of --tpm-cert-file is not PEM: expected the certificate of the EK and its issuers')
  return { ekCertificate, intermediates }
}

async function readBytes(file: string, flag: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new CollectError(`cannot read the file of ${flag}: ${describeError(error)}`)
  })
}

const SECRET_BYTES = 32
/** Enough to say how much too long an output is. */
const OUTPUT_MAX_BYTES = 1024

function runActivate(path: string, credential: Buffer): Promise<Buffer> {
  const bounds = { timeout: AGENT_PROOF_TIMEOUT_MILLIS, maxBuffer: OUTPUT_MAX_BYTES, encoding: 'buffer' } as const
  return new Promise((answer, fail) => {
    const child = execFile(path, [], bounds, (error, out) => {
      if (error !== null) fail(new CollectError(`${path} ${describeEnd(error, OUTPUT_MAX_BYTES)}`))
      else if (out.length === SECRET_BYTES) answer(out)
      else
        fail(new CollectError(`${path} printed ${out.length} bytes: expected the ${SECRET_BYTES} that the TPM opens`))
    })
    // It may end without reading.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(credential)
  })
}
