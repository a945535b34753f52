// Runs a gateway under a schedule of faults while agents and strangers log in, and holds every answer to the invariants.
import type { HostName } from '../conformance/hosts.ts'
import { type Answered, findBreaches, type Sent } from './invariants.ts'
import { makeSchedule, RECOVERY_SECONDS, type Step } from './schedule.ts'
import { createSoakWorld } from './world.ts'

export interface SoakOptions {
  readonly host: HostName
  readonly seconds: number
  readonly seed: number
  /** A gateway with a fault of its own: see broken-gateway.ts. */
  readonly program?: string
  /** End with the first breach. */
  readonly isImpatient?: boolean
}

export interface SoakReport {
  readonly host: HostName
  readonly seconds: number
  readonly steps: readonly Step[]
  readonly answers: number
  /** Good logins by second: admitted, and all. */
  readonly perSecond: readonly { readonly admitted: number; readonly sent: number }[]
  /** Each breach, with the second when it was seen; the first ones. */
  readonly breaches: readonly string[]
  readonly breachCount: number
  readonly slowestGoodMillis: number
}

const SENT: readonly Sent[] = ['good', 'good', 'good', 'stranger', 'forged', 'expired', 'malformed']
const EVERY_MILLIS = 100
const BREACHES_LISTED = 20

export async function soak({ host, seconds, seed, program, isImpatient = false }: SoakOptions): Promise<SoakReport> {
  const world = await createSoakWorld(host, program)
  const steps = makeSchedule(seed, seconds)
  const started = Date.now()
  // Of the signing keys, wherever they might be printed; the signature of each token is added below.
  const canaries = ['"d":"']
  const breaches: string[] = []
  let breachCount = 0
  let answers = 0
  let slowestGoodMillis = 0
  const perSecond = Array.from({ length: seconds + 30 }, () => ({ admitted: 0, sent: 0 }))
  const secondsNow = (): number => (Date.now() - started) / 1000

  /** The fault under way at a second, or the one from which the gateway may still be recovering. */
  function findFault(at: number): { readonly fault: Step['fault'] | undefined; readonly isRecovering: boolean } {
    const step = steps.find(({ from, until }) => at >= from - 1 && at < until + RECOVERY_SECONDS)
    if (step === undefined) return { fault: undefined, isRecovering: false }
    return { fault: step.fault, isRecovering: at >= step.until }
  }

  async function logInOnce(sent: Sent): Promise<void> {
    const token = await world.tokenFor(sent)
    const from = secondsNow()
    const at = Date.now()
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
    const answer = await fetch(`${world.host.url}/v1/clusters/c-1/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      signal: AbortSignal.timeout(20_000),
    }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      () => ({ status: 0, text: '' }),
    )
    const { policy, code } = readAnswer(answer.text)
    const before = findFault(from)
    const after = findFault(secondsNow())
    const answered: Answered = {
      ...answer,
      sent,
      millis: Date.now() - at,
      atMillis: Date.now(),
      fault: before.fault ?? after.fault,
      // A login that spans the end of a fault may be told of it.
      isRecovering: before.isRecovering || after.isRecovering || before.fault !== after.fault,
      ...(policy === undefined ? {} : { policy }),
      ...(code === undefined ? {} : { code }),
    }
    answers++
    const slot = perSecond[Math.floor(from)]
    if (sent === 'good' && slot !== undefined) {
      slot.sent++
      if (answer.status === 200) slot.admitted++
      slowestGoodMillis = Math.max(slowestGoodMillis, answered.millis)
    }
    for (const breach of findBreaches(answered, {
      canaries: [...canaries, token.split('.')[2] ?? '-'],
      endOf: world.endOf,
    })) {
      breachCount++
      if (breaches.length < BREACHES_LISTED) breaches.push(`${from.toFixed(1)} s: ${breach}`)
    }
  }

  const sending: Promise<void>[] = []
  let turn = 0
  const timer = setInterval(() => sending.push(logInOnce(SENT[turn++ % SENT.length] ?? 'good')), EVERY_MILLIS)
  try {
    for (const { fault, from, until } of steps) {
      await sleepUntil(from)
      if (isImpatient && breachCount > 0) break
      const end = await world.begin(fault)
      await sleepUntil(until)
      await end()
    }
    while (secondsNow() < seconds && !(isImpatient && breachCount > 0)) await sleepUntil(secondsNow() + 0.5)
  } finally {
    clearInterval(timer)
    await Promise.all(sending)
    const output = world.host.output()
    for (const secret of canaries) if (output.includes(secret)) breaches.push('a secret in the output')
    await world.stop()
  }
  const count = Math.floor(secondsNow())
  return {
    host,
    seconds,
    steps,
    answers,
    perSecond: perSecond.slice(0, count),
    breaches,
    breachCount,
    slowestGoodMillis,
  }

  async function sleepUntil(second: number): Promise<void> {
    await new Promise((later) => setTimeout(later, Math.max(0, (second - secondsNow()) * 1000)))
  }
}

function readAnswer(text: string): { readonly policy?: string; readonly code?: string } {
  try {
    const { policy, code, refusals } = JSON.parse(text) as {
      policy?: string
      code?: string
      refusals?: { code: string }[]
    }
    const named = refusals?.[0]?.code ?? code
    return { ...(policy === undefined ? {} : { policy }), ...(named === undefined ? {} : { code: named }) }
  } catch {
    return {}
  }
}
