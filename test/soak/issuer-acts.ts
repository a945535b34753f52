// What an issuer does to a gateway.
import { createSigningKey, DISCOVERY_PATH, KEYS_PATH } from '../token/issuer.ts'
import type { Act } from './act.ts'
import { SYMMETRIC_KEY } from './agents.ts'

const SLOW_MILLIS = 4_000

export const ISSUER_ACTS = {
  async issuer_down({ issuer }) {
    issuer.setDown(true)
    await issuer.rotate()
    return async () => issuer.setDown(false)
  },
  async issuer_slow({ issuer }) {
    for (const path of [DISCOVERY_PATH, KEYS_PATH])
      issuer.answer(path, (_request, response) => void setTimeout(() => response.writeHead(503).end(), SLOW_MILLIS))
    await issuer.rotate()
    return async () => {
      for (const path of [DISCOVERY_PATH, KEYS_PATH]) issuer.answer(path, undefined)
    }
  },
  async issuer_lying({ issuer }) {
    const { kid } = await issuer.rotate()
    const other = await createSigningKey('liar')
    issuer.publish([other.publicJwk, { kty: 'oct', k: SYMMETRIC_KEY, kid, alg: 'HS256' }])
    return async () => {
      issuer.publish(undefined)
      // What was published under a name is believed for the age of the set: the issuer needs another name.
      await issuer.rotate()
    }
  },
  async issuer_rotating({ issuer }) {
    const rotating = setInterval(() => void issuer.rotate(), 1_000)
    return async () => clearInterval(rotating)
  },
} satisfies Readonly<Record<string, Act>>
