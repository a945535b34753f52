// The table of used evidence and its statements, the same in `node:sqlite` and in a Durable Object. One statement decides,
// so that no two callers can both win: a row that has expired is nobody's, and is taken over in the same write.

export const CREATE_CLAIMS = [
  'CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS claims_by_end ON claims (expires)',
] as const

/** Parameters: key, end, now (seconds since 1970). Writes a row for the first, and none for the others. */
export const CLAIM = `INSERT INTO claims (key, expires) VALUES (?, ?)
  ON CONFLICT (key) DO UPDATE SET expires = excluded.expires WHERE claims.expires <= ?`

/** Parameters: now, and how many rows at most. */
export const PURGE = 'DELETE FROM claims WHERE key IN (SELECT key FROM claims WHERE expires <= ? LIMIT ?)'

/** Parameter: now. The first end that is still to come. */
export const NEXT_END = 'SELECT MIN(expires) AS next FROM claims WHERE expires > ?'
