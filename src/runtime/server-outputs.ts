// The outputs of a server: audit records on standard output, single-line messages for the operator on standard error.
import { formatInstantMillis } from '../core/instant.ts'
import { AUDIT_BUFFER_MAX_BYTES, NOTICE_BUFFER_MAX_BYTES, OUTPUT_FLUSH_MILLIS } from '../core/limits.ts'
import { printable } from '../core/printable.ts'
import type { AuditSink } from '../gateway/audit/audit.ts'
import { AUDIT_FORMATS, type AuditFormat } from '../gateway/audit/audit-format.ts'
import { createLineWriter, type Refusing } from './line-writer.ts'
import { openOutput } from './output.ts'
import { sleep } from './sleep.ts'

export interface ServerOutputs {
  readonly audit: AuditSink
  readonly auditRefusing: () => Refusing | undefined
  readonly say: (line: string) => void
  /** Writes buffered lines, for at most {@link OUTPUT_FLUSH_MILLIS}. `false` if audit records were lost. */
  flush(): Promise<boolean>
}

/**
 * Opens both outputs of this process.
 * @param format - of audit records
 */
export function openServerOutputs(format: AuditFormat = 'postern'): ServerOutputs {
  const formatLine = AUDIT_FORMATS[format]
  const notices = createLineWriter({
    write: openOutput(2),
    clock: Date.now,
    sleep,
    maxBytes: NOTICE_BUFFER_MAX_BYTES,
    recoveryLine: ({ refused }) => `${refused} lines of standard error were lost, because it was not read`,
  })
  const say = (line: string): void => void notices.take(printable(line))

  const records = createLineWriter({
    write: openOutput(1),
    clock: Date.now,
    sleep,
    maxBytes: AUDIT_BUFFER_MAX_BYTES,
    onRefusing: ({ reason }) =>
      say(
        `Cannot write audit records to standard output (${reason}): logins and claims are refused with 503 until they can be written`,
      ),
    recoveryLine({ reason, sinceMillis, refused }) {
      const [time, since] = [Date.now(), sinceMillis].map(formatInstantMillis)
      return formatLine({ v: 1, time: time ?? '', event: 'audit_recovered', reason, since: since ?? '', refused })
    },
    onRecovered: ({ refused }) =>
      say(`Audit records are written to standard output again; ${refused} requests were refused meanwhile`),
  })

  return {
    audit: (record) => records.take(formatLine(record)),
    auditRefusing: records.refusing,
    say,
    async flush() {
      const isWritten = await Promise.race([
        records.flush().then(() => true),
        sleep(OUTPUT_FLUSH_MILLIS).then(() => false),
      ])
      if (!isWritten) say('Audit records were lost: standard output did not accept the last ones in time')
      await Promise.race([notices.flush(), sleep(OUTPUT_FLUSH_MILLIS / 4)])
      return isWritten
    },
  }
}
