// Tokens of agents, and of those who must not be admitted.
import { createHmac, randomUUID } from 'node:crypto'
import { createSigningKey, serviceAccountClaims, signClaims, type TestIssuer } from '../token/issuer.ts'
import type { Sent } from './invariants.ts'

export interface Login {
  readonly clusterId: string
  readonly token: string
}

export interface Agents {
  makeLogin(sent: Sent): Promise<Login>
  /** Evidence of `once` that was admitted may not be admitted again. */
  noteUsed(login: Login): void
  /** From now on no evidence is sent again that was used before: after a step of the clock what had expired may not have. */
  forgetUsed(): void
}

/** The symmetric key that a lying issuer publishes. */
export const SYMMETRIC_KEY = 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE'
const USED_KEPT = 200

/**
 * @param issuer - of `good` and of all that is refused
 * @param calm - of `other` and `once`
 * @param now - the clock of the gateway and of its issuers, in milliseconds
 */
export async function createAgents(issuer: TestIssuer, calm: TestIssuer, now: () => number): Promise<Agents> {
  const stranger = await createSigningKey('stranger')
  let used: Login[] = []
  let turn = 0
  const seconds = (): number => Math.floor(now() / 1000)

  async function mintOther(clusterId: string): Promise<Login> {
    return { clusterId, token: await calm.mint({ nowSeconds: seconds(), claims: { jti: randomUUID() } }) }
  }

  async function mintToken(sent: Sent): Promise<string> {
    const nowSeconds = seconds()
    const { kid } = issuer.newestKey()
    const claims = { ...serviceAccountClaims(nowSeconds), iss: issuer.issuer }
    switch (sent) {
      case 'stranger':
        return issuer.mint({ nowSeconds, claims: { ...nameAccount(nowSeconds, 'other') } })
      case 'forged':
        return signClaims({ ...stranger, kid }, claims)
      case 'confused':
        return signSymmetrically(kid, claims)
      case 'expired':
        return issuer.mint({ nowSeconds: nowSeconds - 90_000 })
      case 'malformed':
        return (await issuer.mint({ nowSeconds })).slice(0, -20)
      default:
        return issuer.mint({ nowSeconds, claims: { jti: randomUUID() } })
    }
  }

  return {
    async makeLogin(sent) {
      if (sent === 'other') return mintOther('c-2')
      if (sent === 'once') return mintOther('c-3')
      const again = sent === 'replayed' ? used[turn++ % Math.max(1, used.length)] : undefined
      if (again !== undefined) return again
      // Before anything was used a stranger comes in its place.
      return { clusterId: 'c-1', token: await mintToken(sent === 'replayed' ? 'stranger' : sent) }
    },
    noteUsed(login) {
      used = [...used.slice(-USED_KEPT), login]
    },
    forgetUsed() {
      used = []
    },
  }
}

function nameAccount(nowSeconds: number, name: string): Readonly<Record<string, unknown>> {
  const bound = serviceAccountClaims(nowSeconds)['kubernetes.io']
  return {
    sub: `system:serviceaccount:spirl-system:${name}`,
    'kubernetes.io': { ...Object(bound), serviceaccount: { name, uid: 'o' } },
  }
}

function signSymmetrically(kid: string, claims: Readonly<Record<string, unknown>>): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode({ alg: 'HS256', kid })}.${encode(claims)}`
  return `${input}.${createHmac('sha256', Buffer.from(SYMMETRIC_KEY, 'base64url')).update(input).digest('base64url')}`
}
