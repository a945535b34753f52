// The single executable: it serves, and its agent logs in, from an empty folder with an empty environment.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeExecutable } from '../../dev/executable.ts'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { samplePolicy, startApp } from './larger-app.ts'
import { run } from './packed.ts'

let folder: string
let cluster: StandInCluster
const postern = (): string => join(folder, 'postern')
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-one-file-'))
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  await makeExecutable(postern())
  const policies = join(folder, 'policies/clusters/c-1')
  mkdirSync(policies, { recursive: true })
  writeFileSync(join(policies, 'AgentAttestation.yaml'), samplePolicy(cluster))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cluster.close()
})

it('says its version with nothing beside it', async () => {
  chmodSync(postern(), 0o555)
  const { stdout } = await run(postern(), ['--version'], { cwd: folder, env: {} })
  expect(stdout).toContain(JSON.parse(readFileSync('package.json', 'utf8')).version)
})

it('serves, and logs in as an agent', async () => {
  const serve = (port: number) => [postern(), 'serve', '--store', 'policies', '--port', String(port)]
  const app = await startApp(folder, serve, { mount: '' })
  try {
    writeFileSync(join(folder, 'token'), await cluster.mint())
    const session = join(folder, 'session')
    const flags = ['--cluster', 'c-1', '--gateway', app.url, '--token-file', join(folder, 'token'), '--out', session]
    await run(postern(), ['agent', '--once', ...flags], { cwd: folder, env: {} })
    expect(decodeJwt(readFileSync(session, 'utf8').trim())).toMatchObject({ iss: app.url, cluster_id: 'c-1' })
  } finally {
    await app.stop()
  }
})
