// Asks the worker. Of questions that wait only the newest of a kind is sent, so that typing never builds up a queue.
import type { Exchanges, Kind, Question, Reply } from '../engine/messages.ts'

export type AskEngine = <K extends Kind>(
  kind: K,
  asked: Exchanges[K]['asked'],
) => Promise<Exchanges[K]['answered'] | undefined>

interface Waiting {
  readonly question: Question
  readonly settle: (answered: unknown) => void
  readonly fail: (error: Error) => void
}

/** A part of Trusted Types that the types of TypeScript do not have yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string
  }
}

/**
 * The one URL that may become a script, and the one policy that the page's `trusted-types` names.
 * @throws {TypeError} for any other URL
 */
function trustWorkerUrl(): string {
  const url = new URL('worker.js', import.meta.url).href
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  return (
    trustedTypes
      ?.createPolicy('postern-worker', {
        createScriptURL(asked) {
          if (asked !== url) throw new TypeError('only the worker of the page may be started')
          return asked
        },
      })
      .createScriptURL(url) ?? url
  )
}

/**
 * Starts the worker.
 * @param onFault - called when it cannot be started or fails
 * @returns a function that asks; it resolves with `undefined` for a question that a newer one of its kind replaced
 */
export function startEngine(onFault: (what: string) => void): AskEngine {
  const worker = new Worker(trustWorkerUrl(), { type: 'module' })
  const waiting = new Map<Kind, Waiting>()
  const sent = new Map<Kind, Waiting>()
  let last = 0

  /** One question of a kind is under way; the worker gives up what a newer one of any kind makes stale. */
  function sendNext(kind: Kind): void {
    const next = waiting.get(kind)
    if (sent.has(kind) || next === undefined) return
    waiting.delete(kind)
    sent.set(kind, next)
    worker.postMessage(next.question)
  }

  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    const answered = [...sent.values()].find(({ question }) => question.id === data.id)
    if (answered === undefined) return
    const { kind } = answered.question
    sent.delete(kind)
    if ('fault' in data) {
      onFault(`The engine failed (${data.fault}). Nothing that is shown is a verdict: reload the page.`)
      answered.fail(new Error(data.fault))
    } else answered.settle(data.answered)
    sendNext(kind)
  }
  worker.onerror = () => onFault('The engine could not be started: reload the page.')

  return (kind, asked) =>
    new Promise((settle, fail) => {
      waiting.get(kind)?.settle(undefined)
      last++
      // The kind determines the type of what is asked and answered.
      const question = { id: last, kind, asked } as Question
      waiting.set(kind, { question, settle: settle as (answered: unknown) => void, fail })
      sendNext(kind)
    })
}
