// The form of the URL of a Redis or Valkey server.

/** What a URL of a server is like, for messages. */
export const REDIS_URL_WORDS = 'a URL such as rediss://user:password@redis.example:6379'

export function isRedisUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== ''
}

/** Names the server in messages: without user, password and query. */
export function describeRedisUrl(text: string): string {
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}
