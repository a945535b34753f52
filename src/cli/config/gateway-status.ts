// Reads the status of clusters from a running gateway. The session is sent to the named gateway only (no redirects are
// followed), and the answer is untrusted input, which is parsed strictly.
import type { ClusterId } from '../../config/document-key.ts'
import type { ClusterSummary } from '../../config/live/section-status.ts'
import { readClusterPage, readSectionStatuses } from '../../config/live/section-status.ts'
import type { SectionStatus } from '../../config/live/status.ts'
import { isJsonObject, type JsonObject, parseJsonBytes } from '../../core/json.ts'
import {
  GATEWAY_REASON_MAX_LENGTH,
  GATEWAY_STATUS_MAX_BYTES,
  GATEWAY_STATUS_TIMEOUT_MILLIS,
  JSON_DEPTH_MAX,
} from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { describeError } from '../../core/thrown.ts'
import { readCapped } from '../../net/read-capped.ts'
import { readRetryAfter } from '../../net/retry-after.ts'
import { isLoopbackHost } from '../../net/url-policy.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import type { Options } from '../define-command.ts'

/** A gateway and the session to ask it with. */
export interface AskedGateway {
  /** Its base URL: https, or http on loopback, so that the session is never sent in clear text. */
  readonly gateway: string
  /** The session of an issuer. */
  readonly session: string
}

/** The session for {@link AskedGateway}: a flag, or else `POSTERN_SESSION`, which stays out of process lists. */
export const SESSION_OPTIONS = {
  session: {
    value: 'token',
    help: 'the session of an issuer; default $POSTERN_SESSION, which stays out of process lists',
  },
} as const satisfies Options

/** @throws a usage {@link Stop} if there is no session, or no token in it */
export function readSession(session: string | undefined, io: Io): string {
  const token = session ?? io.environment['POSTERN_SESSION']
  if (token === undefined || token === '')
    throw makeUsageStop('Missing session: set POSTERN_SESSION to the session of an issuer')
  if (!/^[\w.-]+$/.test(token))
    throw makeUsageStop('The session is not a token: expected letters, digits and "._-" only')
  return token
}

/**
 * Asks a gateway for the status of a cluster.
 * @throws {@link Stop}: usage for a forbidden URL, `unreachable` if the gateway does not answer with a status
 */
export async function readGatewayStatus(
  asked: AskedGateway,
  clusterId: ClusterId,
  io: Io,
): Promise<readonly SectionStatus[]> {
  const { url, response, body } = await ask(asked, `/v1/clusters/${clusterId}/status`, io)
  if (response.status !== 200) throw makeRefusedStop(url, response.status, body)
  return readSectionStatuses(body?.['sections']) ?? stopAtOther(asked, url)
}

export interface StatusPage {
  readonly clusters: readonly ClusterSummary[]
  readonly cursor?: string
}

/**
 * Asks a gateway for a page of the status of all clusters that the session is allowed.
 * @param cursor - that of the page before
 * @returns the page, or how many seconds the gateway asks to wait
 * @throws {@link Stop} as {@link readGatewayStatus}
 */
export async function readGatewayPage(
  asked: AskedGateway,
  cursor: string | undefined,
  io: Io,
): Promise<StatusPage | { readonly waitSeconds: number; readonly refused: Stop }> {
  const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`
  const { url, response, body } = await ask(asked, `/v1/status${query}`, io)
  if (response.status === 200) return readClusterPage(body) ?? stopAtOther(asked, url)
  const refused = makeRefusedStop(url, response.status, body)
  const waitSeconds = readRetryAfter(response.headers)
  if (waitSeconds === undefined || ![429, 503].includes(response.status)) throw refused
  return { waitSeconds, refused }
}

interface Answered {
  readonly url: string
  readonly response: Response
  readonly body: JsonObject | undefined
}

async function ask({ gateway, session }: AskedGateway, path: string, io: Io): Promise<Answered> {
  const base = URL.parse(gateway)
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopbackHost(base.hostname))
  if (base === null || !isSafe) throw makeUsageStop('--gateway must be an https URL, or http on loopback')
  const url = `${gateway.replace(/\/$/, '')}${path}`
  const response = await io
    .fetch(url, {
      headers: { Authorization: `Bearer ${session}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(GATEWAY_STATUS_TIMEOUT_MILLIS),
    })
    .catch((cause: unknown) => {
      throw new Stop(EXIT.unreachable, `${gateway} did not answer: ${describeFetchFailure(cause)}`, { cause })
    })
  const parsed = parseJsonBytes(await readAnswer(response, url), JSON_DEPTH_MAX)
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
  return { url, response, body }
}

function makeRefusedStop(url: string, status: number, body: JsonObject | undefined): Stop {
  const why =
    typeof body?.['code'] === 'string'
      ? `${printable(body['code'], GATEWAY_REASON_MAX_LENGTH)}, ${readDetail(body)}`
      : 'no reason given'
  const next = status === 401 || status === 403 ? '; log in again as an issuer for a new session' : ''
  return new Stop(EXIT.unreachable, `${url} answered ${status}: ${why}${next}`)
}

function stopAtOther({ gateway }: AskedGateway, url: string): never {
  throw new Stop(EXIT.unreachable, `The answer of ${url} is not a status: check that ${gateway} is a Postern gateway`)
}

async function readAnswer({ body }: Response, url: string): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  try {
    const bytes = await readCapped(reader, GATEWAY_STATUS_MAX_BYTES)
    if (bytes !== undefined) return bytes
  } catch (cause) {
    throw new Stop(EXIT.unreachable, `The answer of ${url} ended early: ${describeFetchFailure(cause)}`, { cause })
  } finally {
    reader.cancel().catch(() => undefined)
  }
  throw new Stop(
    EXIT.unreachable,
    `The answer of ${url} has more than ${GATEWAY_STATUS_MAX_BYTES} bytes: check that it is a Postern gateway`,
  )
}

function readDetail({ detail }: JsonObject): string {
  return printable(typeof detail === 'string' ? detail : '', GATEWAY_REASON_MAX_LENGTH)
}

function describeFetchFailure(cause: unknown): string {
  return describeError(cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause)
}
