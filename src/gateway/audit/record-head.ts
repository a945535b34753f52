// The first members of every audit record.
import type { Context } from 'hono'
import { formatInstantMillis } from '../../core/instant.ts'
import { CLUSTER_ID_AUDITED_MAX_LENGTH } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import type { GatewayEnv, Services } from '../services.ts'
import type { AuditRecord } from './audit.ts'
import { parseTraceparent } from './traceparent.ts'

interface RecordHead<Event extends AuditRecord['event']> {
  readonly v: 1
  readonly event: Event
  readonly time: string
  readonly requestId: string
  readonly durationMs: number
  readonly traceId?: string
  readonly parentId?: string
}

export function createRecordHead<Event extends AuditRecord['event']>(
  event: Event,
  c: Context<GatewayEnv>,
  { clock }: Pick<Services, 'clock'>,
): RecordHead<Event> {
  const nowMillis = clock()
  // On Workers the clock advances only with I/O. If the clock was set back the duration is 0, never negative.
  const durationMs = Math.max(0, nowMillis - c.get('startedMillis'))
  const trace = parseTraceparent(c.req.header('traceparent'))
  return { v: 1, event, time: formatInstantMillis(nowMillis), requestId: c.get('requestId'), durationMs, ...trace }
}

/** Bounds the id from the request path, which may be malformed. */
export function auditClusterId(text: string): string {
  return printable(text, CLUSTER_ID_AUDITED_MAX_LENGTH)
}
