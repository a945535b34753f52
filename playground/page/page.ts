// The page: panes around one state, and a worker with the gateway's engine. It connects to nothing; see docs/playground.md.
import { isLoopbackHost } from '../../src/net/url-policy.ts'
import { SAMPLES, type Sample } from '../samples/samples.ts'
import { startEngine } from './ask-engine.ts'
import { createClockPane } from './clock-pane.ts'
import { createComparePane } from './compare-pane.ts'
import { createDocumentsPane } from './documents-pane.ts'
import { element, find } from './element.ts'
import { createEvidencePane } from './evidence-pane.ts'
import { createStore, type PageState, readSituation } from './page-state.ts'
import { createResultPane } from './result-pane.ts'
import { createSettingsForm } from './settings-form.ts'
import { createShareDialog } from './share-dialog.ts'
import { switchPanes } from './switch-panes.ts'
import { createTestsPane } from './tests-pane.ts'

/** Set by the build: the version of the gateway, and the digest of worker.js. */
declare const ENGINE_VERSION: string
declare const ENGINE_DIGEST: string

/** With "now", verdicts change although nothing is typed. */
const NOW_REFRESH_MILLIS = 10_000

const EMPTY: PageState = {
  settings: {
    trustDomain: 'example.org',
    clusterId: 'demo',
    issuerUrl:
      location.protocol === 'https:' || location.protocol === 'http:' ? location.origin : 'https://login.example.org',
    audience: '',
    clockSkewSeconds: 30,
    // A gateway on loopback is one of development, as that of `npm start`.
    allowLoopbackIssuers: isLoopbackHost(location.hostname),
    privateIssuers: '',
  },
  documents: [],
  baseline: undefined,
  tests: undefined,
  role: 'agent',
  evidence: '',
  keys: '',
  workload: '',
  container: '',
  atSeconds: undefined,
}

const store = createStore(EMPTY)
const notice = find('notice', 'p')
const ask = startEngine((fault) => {
  showNotice(fault)
  result.showFault()
})
const documents = createDocumentsPane(store)
const settings = createSettingsForm(store)
const evidence = createEvidencePane(store)
const clock = createClockPane(store)
const result = createResultPane(store, () => void refreshRest())
const compare = createComparePane(store, ask)
const tests = createTestsPane(store, ask, documents)
createShareDialog(store, ask)
switchPanes()

function showNotice(text: string): void {
  notice.textContent = text
  notice.hidden = text === ''
}

let instants: readonly number[] = []

async function refresh(): Promise<void> {
  const started = performance.now()
  const report = await ask('evaluate', readSituation(store.read()))
  if (report === undefined) return
  instants = report.instants
  compare.setCompiled(report.documents.every(({ compiles }) => compiles))
  settings.showProblems(report.settings)
  documents.show(report.documents)
  evidence.show(report)
  clock.show(report)
  result.show(report)
  document.body.dataset['answeredMillis'] = String(Math.round(performance.now() - started))
  await tests.run()
  await refreshRest()
}

/** What a verdict does not wait for. */
async function refreshRest(): Promise<void> {
  const forecast = await ask('forecast', { situation: readSituation(store.read()), instants })
  if (forecast === undefined) return
  result.showForecast(forecast)
  await compare.show()
}

/** A fault is shown by `showNotice` already. */
function start(work: Promise<void>): void {
  work.catch(() => undefined)
}

store.onChange(() => start(refresh()))
setInterval(() => {
  if (store.read().atSeconds === undefined && document.visibilityState === 'visible') start(refresh())
}, NOW_REFRESH_MILLIS)

function showSample({ documents: given, evidence: pasted, keys, workload = '', atSeconds, hint }: Sample): void {
  const parts = { documents: given, evidence: pasted, keys, workload, atSeconds }
  const shown = { ...EMPTY, ...parts, settings: { ...EMPTY.settings, issuerUrl: 'https://login.example.org' } }
  store.replace(shown)
  evidence.hint(hint)
  start(addSampleTests(shown))
}

/** A sample has its own evidence as a test, if that can be one; not any more once a person has changed something. */
async function addSampleTests(shown: PageState): Promise<void> {
  const made = await ask('makeTest', { situation: readSituation(shown), tests: '' })
  if (made !== undefined && 'text' in made && store.read() === shown) store.change({ tests: made.text })
}

const chooser = find('sample', 'select')
chooser.append(
  element('option', { value: '' }, 'Choose'),
  ...SAMPLES.map(({ id, title }) => element('option', { value: id }, title)),
  element('option', { value: 'empty' }, 'Empty page'),
)
chooser.addEventListener('change', () => {
  const sample = SAMPLES.find(({ id }) => id === chooser.value)
  if (sample !== undefined) showSample(sample)
  else if (chooser.value === 'empty') {
    store.replace(EMPTY)
    evidence.hint('')
  }
})

async function openLink(): Promise<void> {
  const unpacked = await ask('unpack', location.hash)
  if (unpacked !== undefined && 'state' in unpacked) {
    store.replace(unpacked.state)
    evidence.hint('')
    chooser.value = ''
    showNotice('')
    return
  }
  if (unpacked !== undefined) showNotice(`${unpacked.fault}. The page shows a sample instead.`)
  const [first] = SAMPLES
  if (first !== undefined) {
    showSample(first)
    chooser.value = first.id
  }
}

async function checkPromise(): Promise<void> {
  const promise = find('promise', 'p')
  const probed = await ask('probe', undefined)
  const isRefused = probed?.isRefused === true
  promise.dataset['state'] = isRefused ? 'kept' : 'broken'
  find('promise-text', 'span').textContent = isRefused
    ? 'Nothing leaves this page: the browser refuses every connection'
    : 'This copy of the page can connect: do not paste tokens here'
  if (!isRefused)
    showNotice(
      'The server of this page does not send its content security policy. Do not paste tokens: see docs/playground.md.',
    )
}

const engine = find('engine', 'p')
engine.append(`Engine ${ENGINE_VERSION} `, element('code', { title: ENGINE_DIGEST }, ENGINE_DIGEST.slice(0, 19)))
window.addEventListener('hashchange', () => start(openLink()))
start(openLink())
start(checkPromise())
start(ask('vocabulary', undefined).then((vocabulary) => vocabulary && documents.setVocabulary(vocabulary)))
