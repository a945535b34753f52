// Work for the first request of an isolate: while a Worker's module starts, its clock stands at 1970, and what it logs
// belongs to no request.

interface Fetching<Rest extends readonly unknown[]> {
  fetch(request: Request, ...rest: Rest): Response | Promise<Response>
}

/** The app, which does `work` once, when it gets its first request. */
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
