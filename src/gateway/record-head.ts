// What every audit record begins with.
import type { Context } from 'hono'
import { CLUSTER_ID_AUDITED_MAX_LENGTH } from '../core/limits.ts'
import { printable } from '../core/printable.ts'
import type { AuditRecord } from './audit.ts'
import type { GatewayEnv, Parts } from './parts.ts'

interface RecordHead<Event extends AuditRecord['event']> {
  readonly v: 1
  readonly event: Event
  readonly time: string
  readonly requestId: string
}

export function recordHead<Event extends AuditRecord['event']>(
  event: Event,
  c: Context<GatewayEnv>,
  { clock }: Pick<Parts, 'clock'>,
): RecordHead<Event> {
  return { v: 1, event, time: new Date(clock()).toISOString(), requestId: c.get('requestId') }
}

/** What stood in the path, which need be no id at all. */
export function auditedClusterId(text: string): string {
  return printable(text, CLUSTER_ID_AUDITED_MAX_LENGTH)
}
