// The gateway and the agent as the manifests start them, in the image's root: documents in a ConfigMap volume, TLS from a Secret, a
// projected token.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProductionFolder } from '../../dev/production-folder.ts'
import { readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { OPENSSL } from '../installed.ts'
import { openOpenssl } from '../openssl.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { CAN_CHANGE_ROOT, type ImageRoot, makeImageRoot } from './image-root.ts'
import { find, type Manifest, podOf } from './manifests.ts'

const ENTRY = ['node', '/app/dist/cli/postern.js']
const [gatewayContainer] = podOf(find('gateway', 'Deployment')).containers
const [agentContainer] = podOf(find('agent-daemonset', 'DaemonSet')).containers
const { runAsUser, runAsGroup } = podOf(find('gateway', 'Deployment')).securityContext
const documentsVolume = '/etc/postern/documents'

describe.skipIf(!CAN_CHANGE_ROOT || !OPENSSL)('the manifests, run', () => {
  const secrets = mkdtempSync(join(tmpdir(), 'postern-secrets-'))
  let root: ImageRoot
  let issuer: TestIssuer
  let gateway: ChildProcess
  let url: string
  let said = ''
  beforeAll(async () => {
    issuer = await startIssuer()
    root = makeImageRoot()
    makeProductionFolder(join(root.folder, 'app'))
    const tls = openOpenssl()
    tls.run(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', 'tls.key', '-out', 'tls.crt'],
    )
    for (const name of ['tls.crt', 'tls.key']) root.write(`/etc/postern/tls/${name}`, tls.readText(name))
    tls.remove()
    putVolume('..1', ['c-123'])
    for (const name of ['..data', 'clusters'])
      symlinkSync(name === '..data' ? '..1' : '..data/clusters', join(root.folder, documentsVolume, name))

    // A port of one's own, so that ISSUER_URL can name it.
    const port = await freePort()
    url = `https://localhost:${port}`
    const settings = await readDevelopmentSettings(secrets, url)
    gateway = root.start([...ENTRY, ...gatewayContainer.args, `--port=${port}`], {
      user: `${runAsUser}:${runAsGroup}`,
      environment: settings,
      writable: ['/var/lib/postern'],
    })
    await new Promise<void>((ready, fail) => {
      gateway.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('Postern listens on https://')) ready()
      })
      gateway.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)))
    })
  })
  afterAll(async () => {
    gateway?.kill('SIGKILL')
    root?.remove()
    rmSync(secrets, { recursive: true })
    await issuer?.stop()
  })

  /** As the kubelet writes a volume: a folder of its own, which one symbolic link then names. */
  function putVolume(name: string, clusters: readonly string[]): void {
    const document = find('gateway', 'ConfigMap').data['c-123.AgentAttestation'].replace(/https:\S+/, issuer.issuer)
    for (const cluster of clusters)
      root.write(`${documentsVolume}/${name}/clusters/${cluster}/AgentAttestation.yaml`, document)
  }

  const token = (): Promise<string> =>
    issuer.mint({
      claims: {
        sub: 'system:serviceaccount:postern-agent:postern-agent',
        'kubernetes.io': {
          namespace: 'postern-agent',
          node: { name: 'node-1', uid: 'n' },
          pod: { name: 'postern-agent-x', uid: 'p' },
          serviceaccount: { name: 'postern-agent', uid: 's' },
        },
      },
    })

  async function runAgent(more: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    root.write('/var/run/secrets/tokens/postern', await token())
    const certificate = readFileSync(join(root.folder, 'etc/postern/tls/tls.crt'), 'utf8')
    root.write('/etc/gateway-ca.pem', certificate)
    // Later flags win: once, this gateway, its authority, any port for the probes.
    const flags = [`--gateway=${url}`, '--ca-file=/etc/gateway-ca.pem', '--once', '--health-port=0', ...more]
    const child = root.start([...ENTRY, ...agentContainer.args, ...flags], {
      user: String(agentContainer.securityContext.runAsUser),
      environment: {},
      writable: ['/run/postern'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    const code = await new Promise<number | null>((end) => child.once('exit', (status) => end(status)))
    return { code, said: output }
  }

  it('the agent of the DaemonSet gets a session from the gateway of the Deployment', async () => {
    expect(await runAgent([])).toMatchObject({ code: 0 })
    expect(readFileSync(join(root.folder, 'run/postern/session'), 'utf8')).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/)
  })

  it('the gateway sees a ConfigMap that has changed, without a restart', async () => {
    putVolume('..2', ['c-123', 'c-456'])
    const volume = join(root.folder, documentsVolume)
    symlinkSync('..2', join(volume, '..data_tmp'))
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'))
    expect(await runAgent(['--cluster=c-456'])).toMatchObject({ code: 0 })
    expect(await runAgent(['--cluster=c-789'])).toMatchObject({
      code: 1,
      said: expect.stringContaining('cluster_unknown'),
    })
  })
})

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((found) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address() as Manifest
      probe.close(() => found(address.port))
    })
  })
}
