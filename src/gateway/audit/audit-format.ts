// The formats of the audit stream, by the names of the setting AUDIT_FORMAT.
import { type AuditRecord, formatAuditLine } from './audit.ts'
import { formatOcsfLine } from './ocsf.ts'

export const AUDIT_FORMATS = { postern: formatAuditLine, ocsf: formatOcsfLine } as const satisfies Readonly<
  Record<string, (record: AuditRecord) => string>
>
export type AuditFormat = keyof typeof AUDIT_FORMATS

/** `undefined` for a name that is none. Default `postern`. */
export function readAuditFormat(name: unknown): AuditFormat | undefined {
  if (name === undefined || name === '') return 'postern'
  return typeof name === 'string' && Object.hasOwn(AUDIT_FORMATS, name) ? (name as AuditFormat) : undefined
}
