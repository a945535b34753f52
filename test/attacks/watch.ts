// What is watched while a load runs: that the process lives, that the gateway answers /healthz, how much memory it takes.
import { sendOne } from './load.ts'
import { readCpuMillis, readRssMebibytes } from './process-figures.ts'

export interface Watched {
  readonly rssMaxMebibytes: number
  readonly hasEnded: boolean
  /** Answers to /healthz that did not come in time, or were not 200. */
  readonly missed: number
  readonly asked: number
}

/** The time-out of a patient liveness probe. */
export const HEALTHZ_TIMEOUT_MILLIS = 5_000
const HEALTHZ_EVERY_MILLIS = 500
const RSS_EVERY_MILLIS = 100

/** Watches until {@link stop} is called, which yields what was seen. */
export function watchProcess(pid: number, url: string): { stop(): Promise<Watched> } {
  let [rssMaxMebibytes, missed, asked] = [readRssMebibytes(pid), 0, 0]
  const pending = new Set<Promise<void>>()

  const sampling = setInterval(() => {
    rssMaxMebibytes = Math.max(rssMaxMebibytes, readRssMebibytes(pid))
  }, RSS_EVERY_MILLIS)
  const asking = setInterval(() => {
    asked++
    const answered: Promise<void> = answersInTime(url)
      .then((isWell) => {
        if (!isWell) missed++
      })
      .finally(() => pending.delete(answered))
    pending.add(answered)
  }, HEALTHZ_EVERY_MILLIS)

  return {
    async stop() {
      clearInterval(asking)
      await Promise.all(pending)
      clearInterval(sampling)
      return { rssMaxMebibytes, missed, asked, hasEnded: readCpuMillis(pid) === undefined }
    },
  }
}

/** Over a connection of its own: one that is open already would not show that no more are accepted. */
function answersInTime(url: string): Promise<boolean> {
  return new Promise((answered) => {
    const timer = setTimeout(() => answered(false), HEALTHZ_TIMEOUT_MILLIS)
    void sendOne(url, { method: 'GET', path: '/healthz', headers: { Connection: 'close' } }).then((end) => {
      clearTimeout(timer)
      answered(end === '200')
    })
  })
}
