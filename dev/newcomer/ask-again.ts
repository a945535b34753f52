// Asks the gateway of the demo once more for what it printed, over HTTP as an issuer does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoOutput } from './demo-output.ts'
import { StepFailed } from './steps.ts'

/**
 * The SPIFFE ID that the gateway gives the pod of the examples now.
 *
 * @param folder the checkout whose demo is running
 * @throws {StepFailed} with the first answer that is not as it should be
 */
export async function askAgain(
  folder: string,
  { gateway, issuer, cluster }: Required<Pick<DemoOutput, 'gateway' | 'issuer' | 'cluster'>>,
): Promise<string> {
  async function logIn(path: string, query: string): Promise<string> {
    const token = (await ask(`${issuer}/token${query}`)).trim()
    const body = { attestations: [{ type: 'k8s_token', evidence: { token } }] }
    return readString(await post(`${gateway}${path}`, body), ['session', 'token'])
  }
  const clusterPath = `/v1/clusters/${cluster}`
  const agentSession = await logIn(`${clusterPath}/login`, '')
  const session = await logIn('/v1/trust-domain/login', '?serviceAccount=spirl-server')
  const pod: unknown = JSON.parse(readFileSync(join(folder, 'examples/pod.json'), 'utf8'))
  const body = { agentSession, workloads: [{ id: 'pod', pod }] }
  return readString(await post(`${gateway}${clusterPath}/claims`, body, session), ['results', '0', 'spiffeId'])
}

async function post(url: string, body: object, session?: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json', ...(session && { Authorization: `Bearer ${session}` }) }
  return JSON.parse(await ask(url, { method: 'POST', headers, body: JSON.stringify(body) }))
}

/** Each request can be made again: on a machine with much else to do a connection to loopback may take its time. */
async function ask(url: string, init?: RequestInit, tries = 3): Promise<string> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (tries > 1) return undefined
    const { cause } = error as Error
    throw new StepFailed(`${url} does not answer: ${cause instanceof Error ? cause.message : String(error)}`)
  })
  if (response === undefined) return ask(url, init, tries - 1)
  const text = await response.text()
  if (response.status !== 200) throw new StepFailed(`${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return text
}

function readString(answer: unknown, path: readonly string[]): string {
  const value = path.reduce<unknown>(
    (inside, name) =>
      typeof inside === 'object' && inside !== null ? (inside as Readonly<Record<string, unknown>>)[name] : undefined,
    answer,
  )
  if (typeof value !== 'string') throw new StepFailed(`an answer has no ${path.join('.')}`)
  return value
}
