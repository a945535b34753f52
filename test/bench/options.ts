// The flags of `npm run bench`.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { HostName } from '../conformance/hosts.ts'

export const PARTS = ['login-in-process', 'login-http', 'dimensions', 'claims', 'cold', 'memory'] as const
export type Part = (typeof PARTS)[number]

const HOSTS: readonly HostName[] = ['node', 'deno', 'workerd']

/** Both ways of a login. */
const LOGIN: readonly Part[] = ['login-in-process', 'login-http']

export const USAGE = `npm run bench -- [--short] [--only PART,...] [--host HOST,...] [--pairs N] [--json FILE]

  --short        short rounds and few pairs: about a minute for --only login --host node on a quiet machine
  --only PART    ${['login', ...PARTS].join(', ')}; default all
  --host HOST    ${HOSTS.join(', ')}; default all
  --pairs N      pairs of each comparison over HTTP; three times as many in process
  --round MILLIS how long each of a pair is under load; a third of it in process
  --json FILE    default .postern/bench.json
  --into FILE    put the tables into a Markdown file, after its line "<!-- tables -->"`

export interface BenchOptions {
  readonly parts: ReadonlySet<Part>
  readonly hosts: ReadonlySet<HostName>
  readonly pairs: number
  /** How long each of a pair is measured. */
  readonly roundMillis: number
  readonly warmUpMillis: number
  readonly isShort: boolean
  readonly jsonFile: string
  readonly markdownFile: string | undefined
}

/** A message where the flags are wrong. */
export function readOptions(args: readonly string[]): BenchOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        short: { type: 'boolean', default: false },
        only: { type: 'string' },
        host: { type: 'string' },
        pairs: { type: 'string' },
        round: { type: 'string' },
        json: { type: 'string', default: join('.postern', 'bench.json') },
        into: { type: 'string' },
      },
    })
    const { short, only, host, json, into } = values
    const roundMillis = readCount('round', values.round, short ? 200 : 1000)
    return {
      parts: new Set(only === undefined ? PARTS : only.split(',').flatMap(readPart)),
      hosts: new Set(host === undefined ? HOSTS : host.split(',').map(readHost)),
      pairs: readCount('pairs', values.pairs, short ? 5 : 11),
      roundMillis,
      warmUpMillis: roundMillis * 3,
      isShort: short,
      jsonFile: json,
      markdownFile: into,
    }
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`
  }
}

function readPart(text: string): readonly Part[] {
  if (text === 'login') return LOGIN
  const part = PARTS.find((known) => known === text)
  if (part === undefined) throw new Error(`--only: "${text}" is none of login, ${PARTS.join(', ')}`)
  return [part]
}

function readHost(text: string): HostName {
  const host = HOSTS.find((known) => known === text)
  if (host === undefined) throw new Error(`--host: "${text}" is none of ${HOSTS.join(', ')}`)
  return host
}

function readCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new Error(`--${name}: must be a whole number from 1`)
  return Number(text)
}
