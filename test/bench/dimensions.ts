// What a warm login costs as one thing grows, each against the same baseline: one policy, one cluster, RS256, keys by
// discovery, no condition.
import { CONFIG_CACHE_SERVER_MAX_BYTES } from '../../src/core/limits.ts'
import type { MetricsOptions } from '../../src/gateway/metrics/measure.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createPrometheus } from '../../src/runtime/metrics/prometheus.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import type { Algorithm } from '../../src/token/algorithms.ts'
import { createSigningKey, startIssuer, type TestIssuer } from '../token/issuer.ts'
import { agentsDocument, agentsKey, type Policy, strangers } from './documents.ts'
import { evidenceVariants } from './evidence-variants.ts'
import { createBenchGateway } from './gateway.ts'
import type { BenchOptions } from './options.ts'
import type { Row, Table } from './report.ts'
import { compareWork, type Work } from './spent.ts'

interface Variant {
  readonly what: string
  readonly work: Work
  /** Default: that of all. */
  readonly baseline?: Work
}

/** Two gateways that do the same differ by some hundredths: where less is to be shown, there are several of each, made in turn. */
const IN_TURN = 4

const CLUSTER = 'bench'
const CONDITION = {
  expression: 'k8s_token.namespace.matches("^spirl-[a-z]+$") && has(k8s_token.node.name)',
  message: 'agents run in the spirl namespaces',
}

/** `environment`: settings of the gateway. */
export async function measureDimensions(
  environment: Readonly<Record<string, string>>,
  options: BenchOptions,
): Promise<Table> {
  const issuer = await startIssuer({ alg: 'RS256' })
  const module = loadPolicyVm()
  const others: TestIssuer[] = []

  async function loginTo(
    documents: Readonly<Record<string, string>>,
    token: string,
    metrics?: MetricsOptions,
  ): Promise<Work> {
    const configCacheMaxBytes = CONFIG_CACHE_SERVER_MAX_BYTES
    const measured = metrics === undefined ? {} : { metrics }
    const app = createBenchGateway({ environment, documents, module, configCacheMaxBytes, ...measured })
    const paths = Object.keys(documents).map((key) => `/v1/clusters/${key.split('/')[1]}/login`)
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
    let next = 0
    async function logIn(): Promise<void> {
      const path = paths[next++ % paths.length] ?? ''
      let response = await app.request(path, init)
      // More clusters in turn than are held, faster than the budget of compiling them again allows: their callers wait.
      while (response.status === 503) {
        await sleep(1)
        response = await app.request(path, init)
      }
      const answer = await response.text()
      if (response.status !== 200) throw new Error(answer)
    }
    // Each cluster once: its document is compiled.
    for (const _ of paths) await logIn()
    return logIn
  }
  const loginBy = async (policies: readonly Policy[], token?: string): Promise<Work> =>
    loginTo({ [agentsKey(CLUSTER)]: agentsDocument(policies) }, token ?? (await issuer.mint()))

  async function withMetrics(policy: Policy): Promise<{ readonly work: Work; readonly baseline: Work }> {
    const documents = { [agentsKey(CLUSTER)]: agentsDocument([policy]) }
    const [work, baseline]: [Work[], Work[]] = [[], []]
    for (let made = 0; made < IN_TURN; made++) {
      const metrics = { port: createPrometheus().port, runtime: 'node' }
      baseline.push(await loginTo(documents, await issuer.mint()))
      work.push(await loginTo(documents, await issuer.mint(), metrics))
    }
    return { work: inTurn(work), baseline: inTurn(baseline) }
  }

  async function* variants(): AsyncGenerator<Variant> {
    const own: Policy = { config: { issuerURL: issuer.issuer } }
    yield { what: 'the baseline itself', work: await loginBy([own]) }
    yield { what: `metrics, ${IN_TURN} gateways in turn to ${IN_TURN} without`, ...(await withMetrics(own)) }
    for (const count of [100, 10_000])
      yield { what: `${count} policies, the last admits`, work: await loginBy([...strangers(count - 1), own]) }
    for (const count of [1_000, 10_000]) {
      const many = Array.from({ length: count }, (_, n) => [agentsKey(`c-${n}`), agentsDocument([own])] as const)
      const work = await loginTo(Object.fromEntries(many), await issuer.mint())
      yield { what: `${count} clusters, each in its turn`, work }
    }
    for (const alg of ['ES256', 'EdDSA', 'PS256'] satisfies Algorithm[]) {
      const other = await startIssuer({ alg })
      others.push(other)
      yield {
        what: `a token of ${alg}`,
        work: await loginBy([{ config: { issuerURL: other.issuer } }], await other.mint()),
      }
    }
    for (const count of [1, 10]) {
      const conditions = Array.from({ length: count }, () => CONDITION)
      yield {
        what: `${count} ${count === 1 ? 'condition' : 'conditions'}`,
        work: await loginBy([{ ...own, conditions }]),
      }
    }
    yield* evidenceVariants(environment, module, await issuer.mint(), issuer.issuer)
    const inline = (keys: readonly unknown[]): Policy => ({ config: { ...own.config, jwks: { keys } } })
    const { publicJwk, kid } = issuer.newestKey()
    yield { what: '1 inline key set', work: await loginBy([inline([publicJwk])]) }
    const foreign = async (kidOf: (n: number) => string): Promise<readonly Policy[]> =>
      Promise.all(
        Array.from({ length: 9 }, async (_, n) => inline([(await createSigningKey(kidOf(n), 'RS256')).publicJwk])),
      )
    const byKid = await foreign((n) => `other-${n}`)
    yield {
      what: '10 inline key sets of one issuer, told apart by kid',
      work: await loginBy([...byKid, inline([publicJwk])]),
    }
    const sameKid = await foreign(() => kid)
    yield {
      what: '10 inline key sets of one issuer, of one kid',
      work: await loginBy([...sameKid, inline([publicJwk])]),
    }
  }

  try {
    const baseline = await loginBy([{ config: { issuerURL: issuer.issuer } }])
    const rows: Row[] = []
    // The first comparison would else see half of the code being compiled.
    await compareWork({ what: 'warm-up', first: baseline, second: baseline, names: ['', ''] }, options)
    for await (const { what, work, baseline: own = baseline } of variants())
      rows.push(await compareWork({ what, first: work, second: own, names: ['variant', 'baseline'] }, options))
    return {
      id: 'dimensions',
      title: 'Login by what grows',
      note: 'In process on Node, one at a time: each variant to a baseline of one policy, one cluster, a token of RS256, keys by discovery and no condition. The first row shows how far the method itself is off.',
      rows,
    }
  } finally {
    await Promise.all([issuer, ...others].map((running) => running.stop()))
  }
}

function inTurn(works: readonly Work[]): Work {
  let next = 0
  return () => works[next++ % works.length]?.()
}
