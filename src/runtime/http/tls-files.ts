// The certificate and key of `--tls-cert` and `--tls-key`. They are read again at intervals, since whoever renews them
// replaces files (cert-manager, certbot); a pair that cannot be used is never put in the place of one that can.
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

/** The pair, or what is wrong with it as a sentence that quotes no key. */
export async function readTlsPair(files: TlsFiles): Promise<TlsPair | string> {
  const texts: string[] = []
  for (const path of [files.cert, files.key]) {
    const text = await readTextCapped(path, OPERATOR_FILE_MAX_BYTES).catch((error: unknown) => error)
    if (typeof text !== 'string') return `Cannot read ${path}: ${describeError(text)}`
    texts.push(text)
  }
  const [cert = '', key = ''] = texts
  return findPairFault({ cert, key }, files) ?? { cert, key }
}

/** Deno takes a key that is not the certificate's, and then fails every handshake: so it is compared here. */
function findPairFault({ cert, key }: TlsPair, files: TlsFiles): string | undefined {
  const certificate = attempt(() => new X509Certificate(cert))
  if (certificate === undefined) return `${files.cert} holds no PEM certificate`
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return `${files.key} holds no PEM private key without a passphrase`
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
 * Calls `onPair` with each new pair that can be used. Of one that cannot it says so once, if it is there for two looks: the
 * two files are not replaced in one step. Runs for as long as the process does.
 */
export async function watchTlsFiles({ files, current, sleep, onPair, say }: Watch): Promise<never> {
  let used = current
  let fault: string | undefined
  let told: string | undefined
  for (;;) {
    await sleep(TLS_CHECK_MILLIS)
    const read = await readTlsPair(files)
    if (typeof read === 'string') {
      if (read === fault && read !== told) {
        say(`${read}: the certificate from before stays in use. Put a pair that fits in its place`)
        told = read
      }
      fault = read
      continue
    }
    fault = undefined
    told = undefined
    if (read.cert === used.cert && read.key === used.key) continue
    onPair(read)
    used = read
    say('The TLS certificate was read again, and new connections get it')
  }
}
