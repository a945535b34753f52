// The version of a section that is in force now, for a request: its value and its digest, absence, or why neither can be
// told. An error is never absence.

import type { SectionValues } from '../config/compile/compile.ts'
import type { DocumentKey } from '../config/document-key.ts'
import type { ConfigCache } from '../config/live/cache.ts'
import { describeIssue } from '../config/live/config-events.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { ConfigurationUsed } from './audit/audit.ts'

export interface SectionInForce<T> {
  readonly value: T
  readonly used: ConfigurationUsed
}

type Background = (work: Promise<unknown>) => void

/** Refuses with `configuration_invalid` or `store_unavailable`; `undefined` if the store has no such document. */
export async function sectionInForce<Section extends keyof SectionValues>(
  key: DocumentKey<Section>,
  configs: ConfigCache,
  background: Background,
): Promise<Checked<SectionInForce<SectionValues[Section]> | undefined>> {
  const read = await configs.get(key, background)
  switch (read.kind) {
    case 'in_force':
      return pass({ value: read.value, used: { section: key.section, digest: read.digest, stale: read.stale } })
    case 'absent':
      return pass(undefined)
    case 'invalid':
      return refuse({
        code: 'configuration_invalid',
        detail: read.contested
          ? `the stored ${key.section} does not compile, and which good version was the last is unknown: store one that compiles`
          : `the stored ${key.section} has never compiled: its operator sees why with config validate`,
        audit: {
          digest: read.digest,
          issues: read.issues.map(describeIssue),
        },
      })
    case 'unavailable':
      return refuse(storeUnavailable(read.retryAfterSeconds, read.reason))
  }
}

export function storeUnavailable(retryAfterSeconds: number, reason?: string): Refusal {
  return {
    code: 'store_unavailable',
    detail: 'the configuration store could not be read: try again',
    retryAfterSeconds,
    ...(reason === undefined ? {} : { audit: { store: reason } }),
  }
}
