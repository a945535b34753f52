// The files of the playground and the headers that keep its promise: nothing that is pasted can be sent anywhere. The gateway
// serves them, and the build writes the same headers for hosts that serve the folder themselves.

/** Reads a file of the built page by its name; `undefined` if there is none. */
export type ReadPlaygroundFile = (name: PlaygroundFile) => Promise<Uint8Array<ArrayBuffer> | undefined>

/** Every file that is served, with its content type; there is no other. */
export const PLAYGROUND_FILES = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css',
  'page.js': 'text/javascript',
  'worker.js': 'text/javascript',
  'icon.svg': 'image/svg+xml',
  'engine.json': 'application/json',
  'licenses.txt': 'text/plain; charset=utf-8',
} as const satisfies Readonly<Record<string, string>>

export type PlaygroundFile = keyof typeof PLAYGROUND_FILES

/** An own property only: `constructor` must not pass. */
export function isPlaygroundFile(name: string): name is PlaygroundFile {
  return Object.hasOwn(PLAYGROUND_FILES, name)
}

/**
 * Content Security Policy Level 3. `connect-src 'none'` is the promise; the rest closes the other ways out and in. The engine
 * is WebAssembly, hence `'wasm-unsafe-eval'`, which allows no JavaScript. Trusted Types: one policy, for the worker's URL.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "worker-src 'self'",
  "img-src 'self'",
  "connect-src 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types postern-worker',
].join('; ')

/** On every file, the worker's script included: a worker has the policy of its own script, not that of the page. */
export const PLAYGROUND_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
