// The certificate and key of `--tls-cert` and `--tls-key`. The files are read again at intervals, since renewal tools
// (cert-manager, certbot) replace them. An unusable pair never replaces a usable one.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Sleep } from '../../core/clock.ts'
import { OPERATOR_FILE_MAX_BYTES, TLS_CHECK_MILLIS } from '../../core/limits.ts'
import { describeError } from '../../core/thrown.ts'
import { readTextCapped } from '../read-file-capped.ts'

export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** PEM: the certificate with its chain, and its private key. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/**
 * Reads and checks the pair.
 * @param files - paths of PEM files
 * @returns the pair, or a message that names the file and the fault and never quotes a key
 */
export async function readTlsPair(files: TlsFiles): Promise<TlsPair | string> {
  const contents: string[] = []
  for (const path of [files.cert, files.key]) {
    const text = await readTextCapped(path, OPERATOR_FILE_MAX_BYTES).catch((error: unknown) => error)
    if (typeof text !== 'string') return `Cannot read ${path}: ${describeError(text)}`
    contents.push(text)
  }
  const [cert = '', key = ''] = contents
  return findPairFault({ cert, key }, files) ?? { cert, key }
}

/** Checks the pair. Deno accepts a key that does not match the certificate and then fails every handshake. */
function findPairFault({ cert, key }: TlsPair, files: TlsFiles): string | undefined {
  const certificate = attempt(() => new X509Certificate(cert))
  if (certificate === undefined) return `${files.cert} does not contain a PEM certificate`
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return `${files.key} does not contain an unencrypted PEM private key`
  if (attempt(() => certificate.checkPrivateKey(privateKey)) !== true)
    return `${files.key} is not the key of the certificate in ${files.cert}`
  return undefined
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

interface Watch {
  readonly files: TlsFiles
  readonly current: TlsPair
  readonly sleep: Sleep
  readonly onPair: (pair: TlsPair) => void
  readonly say: (line: string) => void
}

/**
 * Calls `onPair` with each new usable pair. An unusable pair is reported once, after two consecutive checks found it, since
 * the two files are not replaced in one step. Runs until the process ends.
 */
export async function watchTlsFiles({ files, current, sleep, onPair, say }: Watch): Promise<never> {
  let used = current
  let fault: string | undefined
  let reported: string | undefined
  for (;;) {
    await sleep(TLS_CHECK_MILLIS)
    const read = await readTlsPair(files)
    if (typeof read === 'string') {
      if (read === fault && read !== reported) {
        say(`${read}: the previous certificate stays in use. Replace the files with a matching pair`)
        reported = read
      }
      fault = read
      continue
    }
    fault = undefined
    reported = undefined
    if (read.cert === used.cert && read.key === used.key) continue
    onPair(read)
    used = read
    say('The TLS certificate was reloaded and applies to new connections')
  }
}
