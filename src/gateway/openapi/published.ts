// Serves public documents, constant for the lifetime of an isolate. Each has an ETag, so a cache revalidates without a
// transfer. A page of any origin may read them: single-page applications verify sessions too, and no member is secret.
// No other route has CORS headers.
import type { Context } from 'hono'
import { cors } from 'hono/cors'
import { etag, RETAINED_304_HEADERS } from 'hono/etag'
import { sha256Base64url } from '../../core/digest.ts'
import { PUBLISHED_MAX_AGE_SECONDS } from '../../core/limits.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, GatewayEnv } from '../services.ts'

/** How long a browser may cache the answer to a preflight: the highest value that common browsers accept. */
const PREFLIGHT_MAX_AGE_SECONDS = 7200

export interface Published {
  readonly type: string
  text(): Promise<string>
  /** A strong entity-tag, in its quotes. */
  tag(): Promise<string>
}

/**
 * Publishes a JSON document with a final newline, made and digested at its first request. The caller must name its
 * type, which is inferred from a published schema: without it the call does not compile.
 */
export function publishJson<Document extends object = never>(
  make: () => NoInfer<Document> | Promise<NoInfer<Document>>,
  type = 'application/json',
): Published {
  let text: string | undefined
  let tag: string | undefined
  // Both cache the value, never the promise: on Workers a pending promise belongs to the request that started it.
  const textOnce = async (): Promise<string> => {
    text ??= `${JSON.stringify(await make())}\n`
    return text
  }
  return {
    type,
    text: textOnce,
    async tag() {
      tag ??= `"${await sha256Base64url(await textOnce())}"`
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

/**
 * Answers `304` if `If-None-Match` has the tag (RFC 9110 sections 13.1.2 and 15.4.5), with the headers of every answer and
 * those of CORS. The middleware drops what is not listed.
 */
const revalidated = etag({
  retainedHeaders: [
    ...RETAINED_304_HEADERS,
    'X-Request-Id',
    'X-Content-Type-Options',
    'Access-Control-Allow-Origin',
    'Access-Control-Expose-Headers',
  ],
})

/** Adds `GET path`, with CORS preflights. @param find returns the document, or a refusal */
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
  // As a header of the context: every answer has `no-store` there until a route says otherwise.
  c.header('Cache-Control', `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}`)
  return c.body(await document.text(), 200, {
    'Content-Type': document.type,
    // Digested once: hono's own ETag would be computed from the body of every answer.
    ETag: await document.tag(),
  })
}
