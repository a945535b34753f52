// The playground, where the host hands in its files: `GET /playground/`. Static files and nothing else; what is pasted into
// the page stays in the browser.
import { isPlaygroundFile, PLAYGROUND_FILES, PLAYGROUND_HEADERS, type ReadPlaygroundFile } from '../playground-files.ts'
import { answerProblem } from '../problem.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp } from '../services.ts'

export function addPlaygroundRoutes(app: GatewayApp, read: ReadPlaygroundFile): void {
  // The page names its files relatively, so its address ends in a slash. A relative redirect also holds below a prefix.
  addRoute(app, 'GET', '/playground', (c) => c.body(null, 308, { Location: 'playground/' }))
  for (const path of ['/playground/', '/playground/:file']) {
    addRoute(app, 'GET', path, async (c) => {
      const name = c.req.param('file') ?? 'index.html'
      const bytes = isPlaygroundFile(name) && (await read(name))
      if (!isPlaygroundFile(name) || !bytes)
        return answerProblem(c, { code: 'route_unknown', detail: 'no such file: open /playground/' })
      // A page of one version must never run the worker of another.
      return c.body(bytes, 200, {
        ...PLAYGROUND_HEADERS,
        'Content-Type': PLAYGROUND_FILES[name],
        'Cache-Control': 'no-cache',
      })
    })
  }
}
