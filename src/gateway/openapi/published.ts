// Public documents, constant for the lifetime of an isolate. Each has an ETag, so that a cache revalidates without a
// transfer, and may be read by a page of any origin: single-page applications verify sessions too, and no member is secret.
// No other route has CORS headers.
import type { Context } from 'hono'
import { sha256Base64url } from '../../core/digest.ts'
import { PUBLISHED_MAX_AGE_SECONDS } from '../../core/limits.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, GatewayEnv } from '../services.ts'

/** How long a browser remembers the answer to a preflight: what the longest-remembering ones take at most. */
const PREFLIGHT_MAX_AGE_SECONDS = 7200

export interface Published {
  readonly type: string
  text(): string
  /** A strong entity-tag, in its quotes. */
  tag(): Promise<string>
}

/** A document of JSON with a newline at its end, made and digested when it is first asked for. */
export function publishJson(make: () => unknown, type = 'application/json'): Published {
  let text: string | undefined
  let tag: string | undefined
  const textOnce = (): string => {
    text ??= `${JSON.stringify(make())}\n`
    return text
  }
  return {
    type,
    text: textOnce,
    async tag() {
      // Its value is kept, never its promise: one that is under way belongs to the request that started it.
      tag ??= `"${await sha256Base64url(textOnce())}"`
      return tag
    },
  }
}

/** `GET path`, with preflights (Fetch standard, CORS protocol). `find` yields the document, or refuses. */
export function addPublishedRoute(
  app: GatewayApp,
  path: string,
  find: (c: Context<GatewayEnv>) => Published | Response,
): void {
  app.all(path, async (c, next) => {
    c.header('Access-Control-Allow-Origin', '*')
    c.header('Access-Control-Expose-Headers', 'ETag')
    if (c.req.method !== 'OPTIONS') return next()
    c.header('Access-Control-Allow-Methods', 'GET, HEAD')
    c.header('Access-Control-Allow-Headers', 'If-None-Match')
    c.header('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_SECONDS))
    c.header('Allow', ALLOWED)
    return c.body(null, 204)
  })
  addRoute(
    app,
    'GET',
    path,
    async (c) => {
      const document = find(c)
      return 'tag' in document ? answerPublished(c, document) : document
    },
    ALLOWED,
  )
}

const ALLOWED = 'GET, HEAD, OPTIONS'

async function answerPublished(c: Context<GatewayEnv>, document: Published): Promise<Response> {
  const tag = await document.tag()
  c.header('ETag', tag)
  c.header('Cache-Control', `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}`)
  if (matchesEntityTag(c.req.header('If-None-Match'), tag)) return c.body(null, 304)
  return c.body(document.text(), 200, { 'Content-Type': document.type })
}

/** A list of entity-tags (RFC 9110 sections 5.6.1 and 8.8.3); the letters of a tag are visible ones, but for the quote. */
const TAG_LIST = /^[ \t,]*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(?:,[ \t,]*|$))+$/
const TAG = /"[^"]*"/g

/** Whether an `If-None-Match` names the tag, by weak comparison (sections 13.1.2 and 8.8.3.2). A malformed one never does. */
export function matchesEntityTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return TAG_LIST.test(header) && Array.from(header.matchAll(TAG), ([found]) => found).includes(tag)
}
