// The certificate and key of `--tls-cert` and `--tls-key`: served, replaced without a restart, and never by a pair that
// does not fit.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTlsPair, watchTlsFiles } from '../../../src/runtime/http/tls-files.ts'
import { type Operated, operate } from '../../conformance/operated.ts'
import { OPENSSL } from '../../installed.ts'

let folder: string
const at = (name: string): string => join(folder, name)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  for (const name of ['first', 'second'])
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`), '-subj', `/CN=${name}`],
      ],
      { stdio: 'pipe' },
    )
  writeFileSync(at('garbage'), 'no PEM')
  return () => rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!OPENSSL)('a pair of files', () => {
  it.each<[string, string, string, string | undefined]>([
    ['that belong together', 'first.crt', 'first.key', undefined],
    ['of two pairs', 'first.crt', 'second.key', 'is not the key of the certificate'],
    ['without a certificate', 'garbage', 'first.key', 'does not contain a PEM certificate'],
    ['given the other way round', 'first.key', 'first.crt', 'does not contain a PEM certificate'],
    ['without a key', 'first.crt', 'garbage', 'does not contain an unencrypted PEM private key'],
    ['of which one is missing', 'first.crt', 'absent', 'Cannot read'],
  ])('%s', async (_what, cert, key, fault) => {
    const read = await readTlsPair({ cert: at(cert), key: at(key) })
    if (fault === undefined)
      expect(read).toEqual({ cert: readFileSync(at(cert), 'utf8'), key: readFileSync(at(key), 'utf8') })
    else expect(read).toContain(fault)
    expect(String(read)).not.toContain('PRIVATE KEY--')
  })

  it('is passed on when it changes, and an unusable one is reported once', async () => {
    const files = { cert: at('watched.crt'), key: at('watched.key') }
    const use = (cert: string, key: string): void => {
      copyFileSync(at(cert), files.cert)
      copyFileSync(at(key), files.key)
    }
    use('first.crt', 'first.key')
    const current = await readTlsPair(files)
    if (typeof current === 'string') throw new Error(current)
    const said: string[] = []
    const given: string[] = []
    let looks: (() => void)[] = []
    void watchTlsFiles({
      files,
      current,
      sleep: () => new Promise((wake) => looks.push(wake)),
      onPair: ({ cert }) => given.push(cert),
      say: (line) => said.push(line),
    })
    /** Until it sleeps again. */
    const look = async (): Promise<void> => {
      for (const wake of looks.splice(0)) wake()
      await expect.poll(() => looks.length).toBe(1)
    }
    await look()
    expect({ said, given }).toEqual({ said: [], given: [] })
    use('second.crt', 'first.key')
    await look()
    // Half of a renewal, as it looks between two writes.
    expect(said).toEqual([])
    use('second.crt', 'second.key')
    await look()
    expect(given).toEqual([readFileSync(at('second.crt'), 'utf8')])
    use('second.crt', 'first.key')
    for (let index = 0; index < 4; index++) await look()
    expect(said.filter((line) => line.includes('stays in use'))).toHaveLength(1)
    expect(given).toHaveLength(1)
    looks = []
  })
})

function handshake(url: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(url)
  return new Promise((connected, fail) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => connected(socket))
    socket.once('error', fail)
  })
}

async function servedName(url: string): Promise<string | undefined> {
  const socket = await handshake(url)
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return typeof CN === 'string' ? CN : undefined
}

function answer(socket: TLSSocket): Promise<string> {
  return new Promise((got) => {
    socket.once('data', (chunk: Buffer) => got(chunk.toString().split('\r\n')[0] ?? ''))
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
  })
}

// Both at once: each waits for the next look at the files.
describe.skipIf(!OPENSSL).concurrent.each(['node', 'deno'] as const)('on %s', (host) => {
  let served: Operated
  beforeAll(async () => {
    for (const kind of ['crt', 'key']) copyFileSync(at(`first.${kind}`), at(`served-${host}.${kind}`))
    const flags = ['--host', '0.0.0.0', '--tls-cert', at(`served-${host}.crt`), '--tls-key', at(`served-${host}.key`)]
    served = await operate(host, { documents: {}, flags })
  })
  afterAll(() => served.stop())
  const url = (): string => served.url.replace('0.0.0.0', '127.0.0.1')

  it('serves https with the certificate, and the next one when the files change, without cutting a connection', async ({
    expect,
  }) => {
    expect(served.url).toMatch(/^https:/)
    expect(served.said()).not.toContain('without TLS')
    expect(await servedName(url())).toBe('first')
    const kept = await handshake(url())
    expect(await answer(kept)).toBe('HTTP/1.1 200 OK')
    for (const kind of ['crt', 'key']) copyFileSync(at(`second.${kind}`), at(`served-${host}.${kind}`))
    await expect.poll(() => servedName(url()), { timeout: 10_000, interval: 250 }).toBe('second')
    expect(await answer(kept)).toBe('HTTP/1.1 200 OK')
    kept.destroy()
  })

  it('closes a connection that speaks no TLS', async () => {
    const { hostname, port } = new URL(url())
    const socket = connectPlain(Number(port), hostname)
    socket.on('error', () => undefined)
    const closed = new Promise((end) => socket.once('close', end))
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.resume()
    await closed
    expect(await servedName(url())).toBeDefined()
  })
})
