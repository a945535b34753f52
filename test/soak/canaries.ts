// Secrets that must show up nowhere: each whole, and the beginning of each.

const PREFIX = 24

export interface Canaries {
  /** @param secret - base64url of at least 24 characters */
  add(secret: string): void
  /** How many are in a text. */
  countIn(text: string): number
}

export function createCanaries(): Canaries {
  const beginnings = new Set<string>()
  return {
    add(secret) {
      if (secret.length >= PREFIX) beginnings.add(secret.slice(0, PREFIX))
    },
    countIn(text) {
      let count = 0
      for (const [run] of text.matchAll(/[A-Za-z0-9_-]{24,}/g)) if (beginnings.has(run.slice(0, PREFIX))) count++
      return count
    },
  }
}
