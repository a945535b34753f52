// `npm start`: runs the gateway in workerd with local KV and a simulated cluster, stores a policy as an operator would, and
// logs in once. Then it keeps serving, so that you can try further logins by hand.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { DEVELOPMENT_FOLDER, formatEnvFile, readDevelopmentSettings } from '../src/cli/keys/dev-environment.ts'
import { openLocalKv } from '../src/cli/store/local-kv.ts'
import { startWorker, stopGroup, waitUntilReady } from '../src/cli/store/wrangler.ts'
import { CLUSTER, writeDocuments } from './demo/documents.ts'
import { formatFact, formatHeading, formatRecord } from './demo/lines.ts'
import { makePlaygroundLink } from './demo/playground-link.ts'
import { tellStory } from './demo/story.ts'
import { prepareDemoWorker } from './demo-worker.ts'
import { startStandInCluster } from './stand-in-cluster.ts'

const PORT = 8787

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `npm start needs the Node that npm ci installs: this is ${process.versions.node}. Run npm ci without --omit=optional, or use Node 22.12 or newer.`,
  )
  process.exit(2)
}
// The terminal may be closed while this ends what it has started.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const port = await findFreePort(PORT)
// A second demo beside the first one has its own issuer, so it needs its own documents.
const folder = port === PORT ? DEVELOPMENT_FOLDER : join(DEVELOPMENT_FOLDER, `demo-${port}`)
const persistTo = join(folder, 'state')
mkdirSync(persistTo, { recursive: true })
const gateway = `http://127.0.0.1:${port}`
const settings = await readDevelopmentSettings(folder, gateway)
const envFile = join(folder, 'dev.env')
writeFileSync(envFile, formatEnvFile({ ...settings, PLAYGROUND: 'true' }), { mode: 0o600 })
const config = await prepareDemoWorker(folder)

const cluster = await startStandInCluster({ audience: `spiffe://${settings['TRUST_DOMAIN']}`, port: 8788 })
const documents = writeDocuments('examples', folder, cluster.issuer)
const kv = openLocalKv(resolve(persistTo))
for (const { key, file } of documents) await kv.put(key, new Uint8Array(readFileSync(file)))
await kv.close()

let log = ''
let isTold = false
const worker = startWorker({ port, envFile: resolve(envFile), persistTo: resolve(persistTo), config }, (text) => {
  log = (log + text).slice(-20_000)
  if (process.env['POSTERN_LOG'] === '1') process.stderr.write(text)
  else if (isTold) text.split('\n').forEach(printRecord)
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop(0))
worker.once('exit', () => void stop(1))

try {
  await waitUntilReady(`${gateway}/healthz`, worker, 60_000)
  console.log(formatHeading(`Postern listens on ${gateway}, in workerd, with local KV`))
  console.log(formatFact('cluster', `"${CLUSTER}" is simulated: its OIDC issuer listens on ${cluster.issuer}`))
  console.log(formatFact('documents', documents.map(({ file }) => file).join('  ')))
  const podFile = 'examples/pod.json'
  const { token, keys } = await tellStory({ gateway, cluster, folder, envFile, podFile, print: console.log })
  const link = await makePlaygroundLink({ gateway, settings, documents, token, keys, podFile })
  console.log(formatHeading('See it decide, in the browser: this policy, this login and this pod'))
  console.log(`  ${link}`)
} catch (error) {
  console.error(log, error)
  await stop(1)
}

const [policies] = documents
console.log(`${formatHeading('Go on in another terminal')}
  A token that expired an hour ago; without ?ageSeconds=4200 it is admitted:

    curl -s ${gateway}/v1/clusters/${CLUSTER}/login -H 'Content-Type: application/json' \\
      -d '{"attestations":[{"type":"k8s_token","evidence":{"token":"'$(curl -s '${cluster.issuer}/token?ageSeconds=4200')'"}}]}'

  Change ${policies?.file}, check it and store it; it is in force within the minute:

    npm run -s postern -- config validate --env-file ${envFile} ${policies?.file}
    npx wrangler kv key put ${policies?.key} --path ${policies?.file} --binding POLICIES --local --persist-to ${persistTo}

Serving until you press Ctrl+C.
`)
isTold = true

function printRecord(line: string): void {
  const formatted = formatRecord(line)
  if (formatted !== undefined) console.log(formatted)
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
