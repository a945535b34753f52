// Runs a gateway under a schedule of faults while agents and strangers log in, and holds every answer to the invariants.
import type { HostName } from '../conformance/hosts.ts'
import { createRandom } from '../fuzz/mutate.ts'
import { startIssuer } from '../token/issuer.ts'
import { type Act, pause } from './act.ts'
import { createAgents } from './agents.ts'
import { createCanaries } from './canaries.ts'
import { DOCUMENT_ACTS } from './document-acts.ts'
import { type FaultName, findFault, LANES, listFaults, type Need, type Profile } from './faults.ts'
import { findBreaches, isLane, LOADED_MILLIS, type Sent, STARVED_FOR_MILLIS, STARVED_MILLIS } from './invariants.ts'
import { ISSUER_ACTS } from './issuer-acts.ts'
import { CHANGING, createPolicies, ONCE, OTHER, writePolicy } from './policies.ts'
import { PROCESS_ACTS } from './process-acts.ts'
import { computeWaitedMillis, readWaited, type Waited } from './processor-wait.ts'
import { findUnrecorded } from './recorded.ts'
import { countQuietSeconds, makeSchedule } from './schedule.ts'
import { sendLogin } from './send-login.ts'
import { createTally, type Happened, type SoakReport } from './soak-report.ts'
import { HAS, startSoakGateway } from './start-gateway.ts'

const ACTS: Readonly<Record<FaultName, Act>> = { ...ISSUER_ACTS, ...DOCUMENT_ACTS, ...PROCESS_ACTS }

export interface SoakOptions {
  readonly host: HostName
  readonly profile: Profile
  readonly seconds: number
  readonly seed: number
  /** These faults alone. */
  readonly only?: readonly FaultName[]
  /** A gateway with a fault of its own: see broken-gateway.ts. */
  readonly program?: string
  /** End with the first breach. */
  readonly isImpatient?: boolean
  /** Told of each breach when it is seen. */
  readonly say?: (line: string) => void
}

const SENT: readonly Sent[] = [
  ...(['good', 'stranger', 'other', 'once', 'forged', 'good', 'confused', 'once'] as const),
  ...(['other', 'expired', 'good', 'malformed', 'once', 'replayed'] as const),
]
const EVERY_MILLIS = 100
const HEALTH_EVERY_MILLIS = 1_000
const LISTED = 40
/** A record may have been on its way for so long when the process that had it was killed. */
const LOSS_SECONDS = 10

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { host, profile, seconds, seed, program, isImpatient = false } = options
  const [issuer, calm] = [await startIssuer(), await startIssuer()]
  const policies = createPolicies(issuer.issuer)
  const documents = {
    [CHANGING]: policies.text(),
    [OTHER]: writePolicy('other', calm.issuer),
    [ONCE]: writePolicy('once', calm.issuer, '      singleUse: true\n'),
  }
  const gateway = await startSoakGateway(host, profile, documents, program)
  const agents = await createAgents(issuer, calm, gateway.now)
  const faults = listFaults(profile, HAS)
  const steps = makeSchedule(seed, seconds, options.only ?? faults)
  const random = createRandom(seed + 1)
  const tally = createTally(seconds)
  const canaries = createCanaries()
  for (const secret of gateway.secrets) canaries.add(secret)
  const happened: Happened[] = []
  const admitted: { readonly requestId: string; readonly from: number; readonly until: number }[] = []
  const breaches: string[] = []
  const late: string[] = []
  let breachCount = 0
  let answers = 0
  let waitedTotal = 0
  let starvedUntil = 0
  let spentTotal = 0
  // What is cold after a start is no fault.
  for (const lane of LANES) await sendLogin(gateway.host.url, await agents.makeLogin(lane))
  const started = Date.now()
  const secondsNow = (): number => (Date.now() - started) / 1000

  function report(what: string, second = secondsNow()): void {
    breachCount++
    const line = `${second.toFixed(1)} s: ${what}`
    if (breaches.length >= LISTED) return
    breaches.push(line)
    options.say?.(line)
  }

  function findAround(from: number, until: number): readonly FaultName[] {
    const around = happened.filter(
      (step) => step.from <= until && from <= (step.until ?? secondsNow()) + findFault(step.fault).recovers,
    )
    return around.map(({ fault }) => fault)
  }

  async function logInOnce(sent: Sent): Promise<void> {
    const offset = gateway.now() - Date.now()
    const hadClock = gateway.hasClock()
    const login = await agents.makeLogin(sent)
    const from = secondsNow()
    const atMillis = Date.now()
    const before = readWaited(gateway.pids())
    const during = happened.at(-1)?.until === undefined ? happened.at(-1)?.fault : undefined
    const answer = await sendLogin(gateway.host.url, login)
    answers++
    const now = Date.now()
    const around = findAround(from, secondsNow())
    const signature = login.token.split('.')[2] ?? ''
    canaries.add(signature)
    if (answer.signature !== undefined) canaries.add(answer.signature)
    if (answer.status === 200 && answer.requestId !== undefined)
      admitted.push({ requestId: answer.requestId, from, until: secondsNow() })
    if (answer.status === 200 && sent === 'once') agents.noteUsed(login)
    if (isLane(sent)) {
      tally.note(sent, from, answer.status === 200, now - atMillis, during)
      const last = happened.at(-1)
      if (answer.status !== 200 && last?.until !== undefined && from > last.until)
        last.wellAfter = Math.max(last.wellAfter, secondsNow() - last.until)
    }
    const waitedMillis = computeWaitedMillis(before, readWaited(gateway.pids()))
    waitedTotal += Math.min(waitedMillis, now - atMillis)
    spentTotal += now - atMillis
    if (waitedMillis > STARVED_MILLIS) starvedUntil = now + STARVED_FOR_MILLIS
    const isStarved = now < starvedUntil
    const hasStepped = Math.abs(gateway.now() - Date.now() - offset) > 1_000
    const isAcrossStep = hasStepped || !hadClock || !gateway.hasClock()
    const found = findBreaches(
      { ...answer, sent, millis: now - atMillis, atMillis: now, around, waitedMillis, isAcrossStep, isStarved },
      { canaries: [signature, ...gateway.secrets], endOf: policies.endOf },
    )
    for (const { what, isLoad } of found) {
      if (isLoad)
        late.push(
          `${from.toFixed(1)} s: ${what}; of ${now - atMillis} ms it waited ${Math.round(waitedMillis)} for a processor`,
        )
      else report(what, from)
    }
  }

  /** The status; 0: no answer within 10 s. */
  async function ask(path: string): Promise<number> {
    try {
      const response = await fetch(`${gateway.host.url}${path}`, { signal: AbortSignal.timeout(10_000) })
      await response.text()
      return response.status
    } catch {
      return 0
    }
  }

  async function checkHealth(): Promise<void> {
    const from = secondsNow()
    const before = readWaited(gateway.pids())
    const status = await ask('/healthz')
    const isDown = findAround(from - 1, secondsNow()).some((fault) => findFault(fault).isDown)
    if (status === 200 || isDown) return
    const what = `/healthz answered ${status}`
    if (status === 0 && isKeptWaiting(before)) late.push(`${from.toFixed(1)} s: ${what}`)
    else report(what, from)
  }

  function isKeptWaiting(before: Waited): boolean {
    return computeWaitedMillis(before, readWaited(gateway.pids())) > LOADED_MILLIS
  }

  /** Until the next fault may come. */
  async function recover(step: Happened): Promise<void> {
    const until = step.until ?? 0
    const before = readWaited(gateway.pids())
    while (secondsNow() < until + countQuietSeconds(step.fault)) {
      if (step.readyAfter < 0 && (await ask('/readyz')) === 200) step.readyAfter = secondsNow() - until
      await pause(250)
    }
    if (step.readyAfter >= 0) return
    const what = `/readyz is not 200, ${countQuietSeconds(step.fault)} s after ${step.fault}`
    if (isKeptWaiting(before)) late.push(`${secondsNow().toFixed(1)} s: ${what}`)
    else report(what)
  }

  const isOver = (): boolean => isImpatient && breachCount > 0
  const sending: Promise<void>[] = []
  let turn = 0
  const timers = [
    setInterval(() => sending.push(logInOnce(SENT[turn++ % SENT.length] ?? 'good')), EVERY_MILLIS),
    setInterval(() => sending.push(checkHealth()), HEALTH_EVERY_MILLIS),
  ]
  try {
    for (const { fault, from, until } of steps) {
      await sleepUntil(from)
      if (isOver() || secondsNow() + until - from > seconds) break
      const step: Happened = { fault, from: secondsNow(), wellAfter: 0, readyAfter: -1 }
      happened.push(step)
      const context = { gateway, issuer, agents, policies, random, report, seconds: until - from }
      const end = await ACTS[fault](context)
      await sleepUntil(step.from + until - from)
      await end()
      step.until = secondsNow()
      await recover(step)
    }
    while (secondsNow() < seconds && !isOver()) await pause(250)
  } finally {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(sending)
    // A record may be on its way through the reader.
    const ids = admitted.map(({ requestId, from, until }) => ({
      requestId,
      from,
      around: findAround(from, until + LOSS_SECONDS),
    }))
    for (let tries = 0; tries < 20 && findUnrecorded(ids, gateway.output(), profile).length > 0; tries++)
      await pause(500)
    for (const { requestId, from } of findUnrecorded(ids, gateway.output(), profile))
      report(`the login ${requestId} was admitted and has no record`, from)
    const secrets = canaries.countIn(gateway.output())
    if (secrets > 0) report(`${secrets} secrets in the output`)
    await gateway.stop()
    await Promise.all([issuer.stop(), calm.stop()])
  }
  const count = Math.min(seconds, Math.floor(secondsNow()))
  return {
    ...{ host, profile, seed, seconds, happened, answers, breaches, breachCount, late },
    leftOut: listFaults(profile, ALL_NEEDS).filter((fault) => !faults.includes(fault)),
    perSecond: {
      good: tally.perSecond.good.slice(0, count),
      other: tally.perSecond.other.slice(0, count),
      once: tally.perSecond.once.slice(0, count),
    },
    byFault: tally.byFault,
    slowestMillis: tally.slowestMillis,
    waitedShare: waitedTotal / Math.max(1, spentTotal),
  }

  async function sleepUntil(second: number): Promise<void> {
    while (secondsNow() < second && !isOver()) await pause(Math.min(250, Math.max(0, (second - secondsNow()) * 1000)))
  }
}

const ALL_NEEDS: ReadonlySet<Need> = new Set(['root', 'redis', 'faketime'])
