// `postern agent`: the agent's side, on Node and Deno. Once, or as a daemon that keeps a session in a file.
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { createClient } from '../../client/client.ts'
import { describeFailure } from '../../client/transport.ts'
import { printable } from '../../core/printable.ts'
import { describeError } from '../../core/thrown.ts'
import { sleep } from '../../runtime/sleep.ts'
import { EXIT, type ExitCode, type Io, makeUsageStop } from '../command.ts'
import { defineCommand, type Values } from '../define-command.ts'
import { AGENT_OPTIONS, type AgentOptions, readAgentOptions } from './agent-options.ts'
import { explainLoggedIn } from './explain-login.ts'
import { createGatewayFetch } from './gateway-fetch.ts'
import { serveHealth } from './health.ts'
import { type LoggedIn, logIn } from './log-in.ts'
import { METADATA } from './metadata.ts'
import { type AgentHost, type AgentState, nextStep, runAgent } from './run-agent.ts'
import { writeSession } from './write-session.ts'

export const agent = defineCommand({
  name: 'agent',
  summary: 'Log in to a gateway and keep the session in a file',
  arguments: [],
  options: AGENT_OPTIONS,
  run: (_words, values, io) => runAgentCommand(values, io),
})

async function runAgentCommand(values: Values<typeof AGENT_OPTIONS>, io: Io): Promise<ExitCode> {
  const options = await readAgentOptions(values, io)
  const host = await makeHost(options, io)
  if (!options.isOnce) return stay(options, host, io)
  const result = await logIn(host.client, options.clusterId, options.types, host.context)
  if (options.isExplaining) for (const line of explainLoggedIn(result)) io.out(`${line}\n`)
  else if (result.kind === 'admitted') await host.write(result.answer.session.token)
  else io.err(`${printable(describeResult(result))}\n`)
  return findExit(result)
}

function describeResult(result: Exclude<LoggedIn, { readonly kind: 'admitted' }>): string {
  if (result.kind === 'uncollected') return `no evidence: ${result.reason}`
  return describeFailure(result.failure) + nextStep(result)
}

function findExit(result: LoggedIn): ExitCode {
  if (result.kind === 'admitted') return EXIT.done
  if (result.kind === 'uncollected') return EXIT.usage
  const { failure } = result
  const isRefused = failure.kind === 'refused' && failure.status < 500
  return isRefused ? EXIT.refused : EXIT.unreachable
}

async function makeHost(options: AgentOptions, io: Io): Promise<Omit<AgentHost, 'ending' | 'noteState'>> {
  const { caFile, out, mode, group } = options
  const ca =
    caFile === undefined
      ? undefined
      : await readFile(caFile, 'utf8').catch((error: unknown) => {
          throw makeUsageStop(`Cannot read the file of --ca-file: ${describeError(error)}`)
        })
  const fetch = createGatewayFetch(ca)
  return {
    client: makeClient(options.gateway, fetch),
    context: { options: options.evidence, environment: io.environment, metadata: METADATA, fetch: io.fetch },
    clock: io.clock,
    sleep,
    random: Math.random,
    say: (line) => io.err(`${printable(line)}\n`),
    write: async (token) => {
      if (out !== undefined) await writeSession(out, token, { mode, group })
    },
  }
}

function makeClient(url: string, fetch: ReturnType<typeof createGatewayFetch>) {
  try {
    return createClient({ url, fetch })
  } catch (error) {
    throw makeUsageStop(`--gateway: ${describeError(error)}`)
  }
}

/** Until a signal, after which a write that has begun is finished. */
async function stay(options: AgentOptions, host: Omit<AgentHost, 'ending' | 'noteState'>, io: Io): Promise<ExitCode> {
  const ending = new AbortController()
  const end = (): void => ending.abort('signal')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  let state: AgentState = { expiresAtMillis: undefined, failure: undefined }
  const health = options.health === undefined ? undefined : await serveHealth(options.health, () => state, io.clock)
  if (health !== undefined) host.say(`health at ${health.url}`)
  try {
    await runAgent(options, {
      ...host,
      ending: ending.signal,
      noteState: (next) => {
        state = next
      },
    })
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, end)
    await health?.close()
  }
  return EXIT.done
}
