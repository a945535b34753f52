// Reads the status of a cluster from a running gateway. The session is sent to the named gateway only (no redirects are
// followed), and the answer is untrusted input, which is parsed strictly.
import type { ClusterId } from '../../config/document-key.ts'
import { readSectionStatuses } from '../../config/live/section-status.ts'
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
import { isLoopbackHost } from '../../net/url-policy.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'

/**
 * Asks a gateway for the status of a cluster.
 * @param gateway - its base URL: https, or http on loopback, so that the session is never sent in clear text
 * @param session - the session of an issuer
 * @throws {@link Stop}: usage for a forbidden URL, `unreachable` if the gateway does not answer with a status
 */
export async function readGatewayStatus(
  gateway: string,
  clusterId: ClusterId,
  session: string,
  io: Io,
): Promise<readonly SectionStatus[]> {
  const base = URL.parse(gateway)
  const isSafe = base?.protocol === 'https:' || (base?.protocol === 'http:' && isLoopbackHost(base.hostname))
  if (base === null || !isSafe) throw makeUsageStop('--gateway must be an https URL, or http on loopback')
  const url = `${gateway.replace(/\/$/, '')}/v1/clusters/${clusterId}/status`
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
  if (response.status !== 200) {
    const why =
      typeof body?.['code'] === 'string'
        ? `${printable(body['code'], GATEWAY_REASON_MAX_LENGTH)}, ${readDetail(body)}`
        : 'no reason given'
    const next =
      response.status === 401 || response.status === 403 ? '; log in again as an issuer for a new session' : ''
    throw new Stop(EXIT.unreachable, `${url} answered ${response.status}: ${why}${next}`)
  }
  const read = readSectionStatuses(body?.['sections'])
  if (read === undefined) {
    throw new Stop(EXIT.unreachable, `The answer of ${url} is not a status: check that ${gateway} is a Postern gateway`)
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
