// How much one isolate remembers of documents, by the memory that it has for compiled ones.
import {
  CONFIG_ABSENCE_SHARE_BYTES,
  CONFIG_ABSENCES_MIN,
  CONFIG_KEY_SHARE_BYTES,
  CONFIG_KEYS_MIN,
} from '../../core/limits.ts'

export interface CacheBounds {
  /** Memory for compiled documents, in bytes. Each counts at least `CONFIG_ENTRY_BYTES`, which bounds their number. */
  readonly maxBytes: number
  /** Known absences, apart from documents, so that made-up cluster ids evict none; and clusters, known or absent. */
  readonly absences: number
  /** Documents of which something is remembered, whether or not they are in memory. */
  readonly keys: number
}

export function computeCacheBounds(maxBytes: number): CacheBounds {
  return {
    maxBytes,
    absences: Math.max(CONFIG_ABSENCES_MIN, Math.floor(maxBytes / CONFIG_ABSENCE_SHARE_BYTES)),
    keys: Math.max(CONFIG_KEYS_MIN, Math.floor(maxBytes / CONFIG_KEY_SHARE_BYTES)),
  }
}
