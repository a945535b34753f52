// Defers work to the first request of an isolate: while a Worker's module loads, its clock reads 1970, and its log lines
// belong to no request.

interface Fetching<Rest extends readonly unknown[]> {
  fetch(request: Request, ...rest: Rest): Response | Promise<Response>
}

/** Wraps an app so that it runs `work` once, before its first request. */
export function runBeforeFirstRequest<Rest extends readonly unknown[]>(
  app: Fetching<Rest>,
  work: () => void,
): Fetching<Rest> {
  let isFirst = true
  return {
    fetch(request, ...rest) {
      if (isFirst) {
        isFirst = false
        work()
      }
      return app.fetch(request, ...rest)
    },
  }
}
