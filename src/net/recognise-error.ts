// Classifies network errors: by their code on Node and Deno, by their message on workerd, where errors have no code.
import { FETCH_ERROR_NESTING_MAX } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { CauseFacts, CauseRow } from './cause-row.ts'
import { FETCH_CAUSES, type FetchCause } from './fetch-causes.ts'

/** The phase in which the transfer failed. */
export type FetchPhase = 'connect' | 'answer' | 'body'

interface Recognised {
  readonly kind: FetchCause
  readonly facts: CauseFacts
}

const ROWS = Object.entries(FETCH_CAUSES) as readonly (readonly [FetchCause, CauseRow])[]
const CODES = ROWS.flatMap(([kind, { codes = [] }]) => codes.map((code) => [code, kind] as const))
const BY_CODE: ReadonlyMap<string, FetchCause> = new Map(CODES)
/** The longest prefix first. */
const BY_PREFIX = CODES.filter(([code]) => code.endsWith('*'))
  .map(([code, kind]) => [code.slice(0, -1), kind] as const)
  .sort(([a], [b]) => b.length - a.length)
const BY_MESSAGE = ROWS.flatMap(([kind, { messages = [] }]) => messages.map((message) => [message, kind] as const))
const BY_STATUS: ReadonlyMap<number, FetchCause> = new Map(
  ROWS.flatMap(([kind, { statuses = [] }]) => statuses.map((status) => [status, kind] as const)),
)

/** Causes that are reported as `body_cut` when the connection ends during the body. */
const CUT: ReadonlySet<FetchCause> = new Set(['connection_reset', 'connection_lost'])

/** Finds the cause of a rejected `fetch`, or of a failed read of its body; `unreachable` if it is not known. */
export function recogniseError(error: unknown, phase: FetchPhase): Recognised {
  const known = findKnown(error, FETCH_ERROR_NESTING_MAX)
  if (known === undefined) return { kind: 'unreachable', facts: {} }
  const kind = phase === 'body' && CUT.has(known.kind) ? 'body_cut' : known.kind
  return { kind, facts: kind === 'certificate_wrong_name' ? { names: readCertificateNames(known.error) } : {} }
}

/** Finds the cause of a response whose status is not 200. */
export function recogniseStatus(status: number): FetchCause {
  return BY_STATUS.get(status) ?? (status >= 500 && status <= 599 ? 'server_error' : 'status_unexpected')
}

function findKnown(
  error: unknown,
  depth: number,
): { readonly kind: FetchCause; readonly error: Readonly<Record<string, unknown>> } | undefined {
  if (depth === 0 || typeof error !== 'object' || error === null) return undefined
  const fields = error as Readonly<Record<string, unknown>>
  const kind = classifyError(fields)
  if (kind !== undefined) return { kind, error: fields }
  const inner = Array.isArray(fields['errors']) ? fields['errors'][0] : fields['cause']
  return findKnown(inner, depth - 1)
}

function classifyError({ code, name, message }: Readonly<Record<string, unknown>>): FetchCause | undefined {
  // Deno's permission errors have a name but no code.
  for (const given of [code, name]) {
    if (typeof given !== 'string') continue
    const kind = BY_CODE.get(given) ?? BY_PREFIX.find(([prefix]) => given.startsWith(prefix))?.[1]
    if (kind !== undefined) return kind
  }
  if (typeof message !== 'string') return undefined
  return BY_MESSAGE.find(([start]) => message.startsWith(start))?.[1]
}

/** Reads the names of the certificate. The other side chooses them: quote them. */
function readCertificateNames({ cert }: Readonly<Record<string, unknown>>): string {
  const names = typeof cert === 'object' && cert !== null && 'subjectaltname' in cert ? cert.subjectaltname : undefined
  return typeof names === 'string' ? quoteText(names) : 'not reported by this host'
}
