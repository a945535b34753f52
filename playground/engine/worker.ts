// The worker of the page. It runs the engine, one question at a time, so that typing never waits for a verdict.
import bytes from '../../wasm/policy-vm.wasm'
import { packShared } from '../share/select-shared.ts'
import { unpackState } from '../share/shared-state.ts'
import { compareVersions } from './compare.ts'
import { forecast } from './forecast.ts'
import { makeTest } from './make-test.ts'
import type { Exchanges, Kind, Question, Reply } from './messages.ts'
import { createPlaygroundEngine } from './playground-engine.ts'

/** As far as this file needs the scope of a dedicated worker, whose types exclude those of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Question>) => void) | null
  postMessage(reply: Reply): void
}
const scope = self as unknown as WorkerScope

const engine = createPlaygroundEngine(new WebAssembly.Module(bytes))

/** The newest situation: what was asked of an earlier one is wanted no longer. */
let newest = 0
let queue: Promise<void> = Promise.resolve()

scope.onmessage = ({ data }) => {
  if (data.kind === 'evaluate') newest = data.id
  queue = queue.then(() => answer(data))
}

async function answer(question: Question): Promise<void> {
  const { id } = question
  try {
    scope.postMessage({ id, answered: await reply(question) })
  } catch (error) {
    // The name alone: a message of a fault may quote what was typed.
    scope.postMessage({ id, fault: error instanceof Error ? error.name : 'unknown' })
  }
}

function reply(question: Question): Promise<Exchanges[Kind]['answered']> {
  async function isStale(): Promise<boolean> {
    await yieldToMessages()
    return newest > question.id
  }
  switch (question.kind) {
    case 'evaluate':
      return engine.evaluate(question.asked)
    case 'forecast':
      return forecast(engine, question.asked.situation, question.asked.instants, isStale)
    case 'compare':
      return compareVersions(engine, question.asked.situation, question.asked.before, question.asked.cases, isStale)
    case 'test':
      return engine.runTests(question.asked.tests, question.asked.documents, isStale)
    case 'makeTest':
      return makeTest(engine, question.asked.situation, question.asked.tests)
    case 'vocabulary':
      return Promise.resolve(engine.vocabulary)
    case 'pack':
      return packShared(question.asked.state, question.asked.choices)
    case 'unpack':
      return unpackState(question.asked)
    case 'probe':
      return probe()
  }
}

/** Lets messages arrive: a promise alone would keep them waiting. */
function yieldToMessages(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((done) => {
    port1.onmessage = () => {
      port1.close()
      done()
    }
    port2.postMessage(undefined)
  })
}

/** A worker has the policy of its own script: whether that one was served with it is seen only here. */
async function probe(): Promise<{ readonly isRefused: boolean }> {
  try {
    await fetch(new URL('./', self.location.href), { method: 'HEAD' })
    return { isRefused: false }
  } catch {
    return { isRefused: true }
  }
}
