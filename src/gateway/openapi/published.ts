// Public documents, constant for the lifetime of an isolate. Each has an ETag, so that a cache revalidates without a
// transfer, and may be read by a page of any origin: single-page applications verify sessions too, and no member is secret.
// No other route has CORS headers.
import type { Context } from 'hono'
import { cors } from 'hono/cors'
import { etag, RETAINED_304_HEADERS } from 'hono/etag'
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

/**
 * A document of JSON with a newline at its end, made and digested when it is first asked for. Its type is that of a
 * published schema, and is named where this is called.
 */
export function publishJson<Document extends object = never>(
  make: () => NoInfer<Document>,
  type = 'application/json',
): Published {
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

const ALLOWED = 'GET, HEAD, OPTIONS'

/** The Fetch standard's CORS protocol. */
const readByAnyPage = cors({
  origin: '*',
  allowMethods: ['GET', 'HEAD'],
  allowHeaders: ['If-None-Match'],
  exposeHeaders: ['ETag'],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
})

/** `304` to an `If-None-Match` that names the tag (RFC 9110 sections 13.1.2 and 15.4.5), still for a page of any origin. */
const revalidated = etag({
  retainedHeaders: [...RETAINED_304_HEADERS, 'Access-Control-Allow-Origin', 'Access-Control-Expose-Headers'],
})

/** `GET path`, with preflights. `find` yields the document, or refuses. */
export function addPublishedRoute(
  app: GatewayApp,
  path: string,
  find: (c: Context<GatewayEnv>) => Published | Response,
): void {
  app.use(path, readByAnyPage, revalidated)
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

async function answerPublished(c: Context<GatewayEnv>, document: Published): Promise<Response> {
  return c.body(document.text(), 200, {
    'Content-Type': document.type,
    // Digested once: what hono makes is made of the body of every answer.
    ETag: await document.tag(),
    'Cache-Control': `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}`,
  })
}
