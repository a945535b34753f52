// What a server says: audit records on standard output, one line for the operator at a time on standard error.
import { formatInstantMillis } from '../core/instant.ts'
import { AUDIT_BUFFER_MAX_BYTES, NOTICE_BUFFER_MAX_BYTES, OUTPUT_FLUSH_MILLIS } from '../core/limits.ts'
import { printable } from '../core/printable.ts'
import { type AuditSink, formatAuditLine } from '../gateway/audit/audit.ts'
import { createLineWriter, type Refusing } from './line-writer.ts'
import { openOutput } from './output.ts'
import { sleep } from './sleep.ts'

export interface ServerOutputs {
  readonly audit: AuditSink
  readonly auditRefusing: () => Refusing | undefined
  readonly say: (line: string) => void
  /** Writes what waits, for a second at most. `false`: audit records are lost. */
  flush(): Promise<boolean>
}

export function openServerOutputs(): ServerOutputs {
  const notices = createLineWriter({
    write: openOutput(2),
    clock: Date.now,
    sleep,
    maxBytes: NOTICE_BUFFER_MAX_BYTES,
    recoveryLine: ({ refused }) => `${refused} lines of standard error were lost: it was not read`,
  })
  const say = (line: string): void => void notices.take(printable(line))

  const records = createLineWriter({
    write: openOutput(1),
    clock: Date.now,
    sleep,
    maxBytes: AUDIT_BUFFER_MAX_BYTES,
    onRefusing: ({ reason }) =>
      say(`Standard output takes no audit records (${reason}): logins and claims are refused with 503 until it does`),
    recoveryLine({ reason, sinceMillis, refused }) {
      const [time, since] = [Date.now(), sinceMillis].map(formatInstantMillis)
      return formatAuditLine({ v: 1, time: time ?? '', event: 'audit_recovered', reason, since: since ?? '', refused })
    },
    onRecovered: ({ refused }) => say(`Standard output takes audit records again; ${refused} requests were refused`),
  })

  return {
    audit: (record) => records.take(formatAuditLine(record)),
    auditRefusing: records.refusing,
    say,
    async flush() {
      const isWritten = await Promise.race([
        records.flush().then(() => true),
        sleep(OUTPUT_FLUSH_MILLIS).then(() => false),
      ])
      if (!isWritten) say('The last audit records could not be written')
      await Promise.race([notices.flush(), sleep(OUTPUT_FLUSH_MILLIS / 4)])
      return isWritten
    },
  }
}
