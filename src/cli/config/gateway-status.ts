// The status of a cluster as a running gateway tells it. The session goes to the named gateway and nowhere else; the
// answer is input, read strictly.
import type { ClusterId } from '../../config/document-key.ts'
import type { IssueStatus, SectionStatus } from '../../config/live/status.ts'
import { isJsonObject, type Json, type JsonObject, parseJsonBytes } from '../../core/json.ts'
import {
  GATEWAY_REASON_MAX_LENGTH,
  GATEWAY_STATUS_MAX_BYTES,
  GATEWAY_STATUS_TIMEOUT_MILLIS,
  JSON_DEPTH_MAX,
} from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { describeError } from '../../core/thrown.ts'
import { readCapped } from '../../net/read-capped.ts'
import { isLoopbackHost } from '../../net/url-policy.ts'
import { EXIT, type Io, Stop, usageStop } from '../command.ts'

export async function readGatewayStatus(
  gateway: string,
  clusterId: ClusterId,
  session: string,
  io: Io,
): Promise<readonly SectionStatus[]> {
  const base = URL.parse(gateway)
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopbackHost(base.hostname))
  if (base === null || !isSafe) throw usageStop('--gateway takes an https URL, or http on loopback')
  const url = `${gateway.replace(/\/$/, '')}/v1/clusters/${clusterId}/status`
  const response = await io
    .fetch(url, {
      headers: { Authorization: `Bearer ${session}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(GATEWAY_STATUS_TIMEOUT_MILLIS),
    })
    .catch((cause: unknown) => {
      throw new Stop(EXIT.unreachable, `${gateway} did not answer: ${reasonOf(cause)}`, { cause })
    })
  const parsed = parseJsonBytes(await readAnswer(response, url), JSON_DEPTH_MAX)
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
  if (response.status !== 200) {
    const why =
      typeof body?.['code'] === 'string'
        ? `${printable(body['code'], GATEWAY_REASON_MAX_LENGTH)}, ${detailOf(body)}`
        : 'no reason given'
    const next =
      response.status === 401 || response.status === 403 ? '; log in again as an issuer for a new session' : ''
    throw new Stop(EXIT.unreachable, `${url} answered ${response.status}: ${why}${next}`)
  }
  const sections = body?.['sections']
  const read = Array.isArray(sections) ? sections.map(readSection) : [undefined]
  if (!read.every((section) => section !== undefined)) {
    throw new Stop(EXIT.unreachable, `${url} answered with no status: is ${gateway} a Postern gateway?`)
  }
  return read
}

async function readAnswer({ body }: Response, url: string): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  try {
    const bytes = await readCapped(reader, GATEWAY_STATUS_MAX_BYTES)
    if (bytes !== undefined) return bytes
  } catch (cause) {
    throw new Stop(EXIT.unreachable, `The answer of ${url} broke off: ${reasonOf(cause)}`, { cause })
  } finally {
    reader.cancel().catch(() => undefined)
  }
  throw new Stop(
    EXIT.unreachable,
    `${url} answered with more than ${GATEWAY_STATUS_MAX_BYTES} bytes, which no status has`,
  )
}

function detailOf({ detail }: JsonObject): string {
  return printable(typeof detail === 'string' ? detail : '', GATEWAY_REASON_MAX_LENGTH)
}

function readSection(json: Json): SectionStatus | undefined {
  if (!isJsonObject(json)) return undefined
  const { section, health, stored, stale } = json
  const issues = readIssues(json['issues'])
  const warnings = readIssues(json['warnings'])
  if (typeof section !== 'string' || (health !== 'HEALTHY' && health !== 'UNHEALTHY')) return undefined
  if (stored !== 'present' && stored !== 'absent' && stored !== 'unknown') return undefined
  if (typeof stale !== 'boolean' || issues === undefined || warnings === undefined) return undefined
  const texts = ['desiredDigest', 'attemptedAt', 'appliedDigest', 'appliedAt'].flatMap((name) => {
    const value = json[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return { section, health, stored, stale, issues, warnings, ...Object.fromEntries(texts) }
}

function readIssues(json: Json | undefined): readonly IssueStatus[] | undefined {
  if (!Array.isArray(json)) return undefined
  const read: IssueStatus[] = []
  for (const issue of json as readonly Json[]) {
    if (!isJsonObject(issue)) return undefined
    const { code, path, line, column, message } = issue
    if (typeof code !== 'string' || typeof path !== 'string' || typeof message !== 'string') return undefined
    const place = typeof line === 'number' && typeof column === 'number' ? { line, column } : {}
    read.push({ code, path, message, ...place })
  }
  return read
}

function reasonOf(cause: unknown): string {
  return describeError(cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause)
}
