// How the tests call the tool: the table of commands with captured output, in a folder of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ExitCode, Io } from '../../src/cli/command.ts'
import { createProgram, run } from '../../src/cli/commands.ts'

export const START_MILLIS = Date.UTC(2026, 0, 1)

/** Of a host that nobody looks at. */
const IDLE: Io = {
  out: () => undefined,
  err: () => undefined,
  input: () => Promise.resolve(new Uint8Array()),
  environment: { USER: 'ann' },
  directory: '.',
  clock: () => START_MILLIS,
  fetch: () => Promise.reject(new Error('no test asks the network')),
  colour: false,
}

export interface Called {
  readonly exitCode: ExitCode
  readonly out: string
  readonly outBytes: Uint8Array
  readonly err: string
}

export interface Bench {
  readonly folder: string
  /** Writes a file below the folder; yields its name as it is given to commands. */
  file(name: string, content: string | Uint8Array): string
  /** Runs a command in the folder. Each call is a second later than the one before. */
  call(...args: readonly string[]): Promise<Called>
}

/** A folder with an empty `store` in it, gone after the test. */
export function bench(change: Partial<Io> = {}): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'postern-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'store'))
  let now = START_MILLIS
  return {
    folder,
    file(name, content) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
      return name
    },
    async call(...args) {
      const out: Buffer[] = []
      let err = ''
      now += 1000
      const exitCode = await run(args, {
        ...IDLE,
        out: (data) => out.push(Buffer.from(data)),
        err: (text) => {
          err += text
        },
        directory: folder,
        clock: () => now,
        ...change,
      })
      const outBytes = Buffer.concat(out)
      return { exitCode, out: outBytes.toString(), outBytes, err }
    },
  }
}

/** A command as the tree has it; `name` is the words that call it. */
export interface CommandInTree {
  readonly name: string
  readonly summary: string
  readonly flags: readonly string[]
  readonly words: readonly string[]
}

export function commandTree(): readonly CommandInTree[] {
  const program = createProgram(IDLE, () => undefined)
  return leavesOf(program.commands, [])
}

function leavesOf(
  commands: ReturnType<typeof createProgram>['commands'],
  before: readonly string[],
): readonly CommandInTree[] {
  return commands.flatMap((command) => {
    const path = [...before, command.name()]
    if (command.commands.length > 0) return leavesOf(command.commands, path)
    const flags = command.options.map(({ long }) => long ?? '')
    const words = command.registeredArguments.map((argument) => argument.name())
    return { name: path.join(' '), summary: command.description(), flags, words }
  })
}

/** A valid `AgentAttestation` whose versions differ by the service account. */
export function attestation(serviceAccount = 'agent'): string {
  return `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: first
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://issuer.example
            serviceAccountNamespace: system
            serviceAccountName: ${serviceAccount}
`
}

/** A policy that needs container attributes, which only a `Cluster` can enable. */
export const CONTAINER_POLICY = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: /ns/{{kubernetes.pod.namespace}}/{{kubernetes.container.name}}
`

export function clusterDocument(includesContainers: boolean): string {
  return `section: Cluster\nschema: v1\nspec:\n  includeContainerAttributes: ${includesContainers}\n`
}
