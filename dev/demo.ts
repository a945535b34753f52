// `npm start`: runs the gateway in workerd with local KV and a simulated cluster, stores a policy as an operator would, and
// logs in once. Then it keeps serving, so that you can try further logins by hand.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { DEVELOPMENT_FOLDER, formatEnvFile, readDevelopmentSettings } from '../src/cli/keys/dev-environment.ts'
import { openLocalKv } from '../src/cli/store/local-kv.ts'
import { startWorker, stopGroup, waitUntilReady } from '../src/cli/store/wrangler.ts'
import { prepareDemoWorker } from './demo-worker.ts'
import { startStandInCluster } from './stand-in-cluster.ts'

const CLUSTER = 'demo'
const KEY = `clusters/${CLUSTER}/AgentAttestation`
const SAMPLE = 'examples/AgentAttestation.yaml'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `npm start needs the Node that npm ci installs: this is ${process.versions.node}. Run npm ci without --omit=optional, or use Node 22.12 or newer.`,
  )
  process.exit(2)
}

const persistTo = join(DEVELOPMENT_FOLDER, 'state')
mkdirSync(persistTo, { recursive: true })
const port = await findFreePort(8787)
const gateway = `http://127.0.0.1:${port}`
const settings = await readDevelopmentSettings(DEVELOPMENT_FOLDER, gateway)
const envFile = join(DEVELOPMENT_FOLDER, 'dev.env')
writeFileSync(envFile, formatEnvFile({ ...settings, PLAYGROUND: 'true' }), { mode: 0o600 })
const config = await prepareDemoWorker(DEVELOPMENT_FOLDER)

const cluster = await startStandInCluster({ audience: `spiffe://${settings['TRUST_DOMAIN']}`, port: 8788 })
printStep(`A simulated OIDC issuer of a cluster listens on ${cluster.issuer}`)

const policyFile = join(DEVELOPMENT_FOLDER, 'AgentAttestation.yaml')
writeFileSync(policyFile, readFileSync(SAMPLE, 'utf8').replace(/issuerURL: \S+/, `issuerURL: ${cluster.issuer}`))
const kv = openLocalKv(resolve(persistTo))
await kv.put(KEY, new Uint8Array(readFileSync(policyFile)))
await kv.close()
printStep(`The sample policy is in local KV: wrangler kv key put ${KEY} --path ${policyFile}`)
console.log(indent(readFileSync(policyFile, 'utf8')))

let log = ''
const worker = startWorker({ port, envFile: resolve(envFile), persistTo: resolve(persistTo), config }, (text) => {
  log = (log + text).slice(-20_000)
  if (process.env['POSTERN_LOG'] === '1') process.stderr.write(text)
  else for (const line of text.split('\n')) if (line.startsWith('{')) console.log(indent(`audit ${line}`))
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(0))
worker.once('exit', () => void stop(1))

try {
  await waitUntilReady(`${gateway}/healthz`, worker, 60_000)
} catch (error) {
  console.error(log, error)
  await stop(1)
}
printStep(`Postern listens on ${gateway}, in workerd`)

const request = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] })
printStep(`An agent logs in: POST /v1/clusters/${CLUSTER}/login`)
console.log(indent(request))
const response = await fetch(`${gateway}/v1/clusters/${CLUSTER}/login`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: request,
})
printStep(`The answer: ${response.status}`)
console.log(indent(JSON.stringify(await response.json(), null, 2)))

console.log(`
Now try it yourself, in another terminal.

1. Log in with a token of another service account. It is valid, but the policy refuses it (403):

   ${makeCurlCommand('?serviceAccount=default&namespace=default')}

2. Log in with a token that expired an hour ago (401, with the time since its expiry):

   ${makeCurlCommand('?ageSeconds=4200')}

Then change ${policyFile}, put it again, and log in once more within the minute:

   npx wrangler kv key put ${KEY} --path ${policyFile} --binding POLICIES --local --persist-to ${persistTo}

3. See what the policy says of a token, check by check, in the browser:

   ${gateway}/playground/

Serving until you press Ctrl+C.`)

function makeCurlCommand(query: string): string {
  return `curl -s ${gateway}/v1/clusters/${CLUSTER}/login -H 'Content-Type: application/json' \\
     -d '{"attestations":[{"type":"k8s_token","evidence":{"token":"'$(curl -s '${cluster.issuer}/token${query}')'"}}]}'`
}

function printStep(text: string): void {
  console.log(`\n▸ ${text}`)
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ')
}

async function stop(code: number): Promise<never> {
  await stopGroup(worker)
  await cluster.close()
  process.exit(code)
}

/** The given port, or a free one if it is taken. */
function findFreePort(wanted: number): Promise<number> {
  return new Promise((found, fail) => {
    const probe = createServer()
    probe.once('error', () => (wanted === 0 ? fail(new Error('no free port')) : found(findFreePort(0))))
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : wanted
      probe.close(() => found(port))
    })
  })
}
