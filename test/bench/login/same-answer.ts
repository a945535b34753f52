// Refuses to compare what does not do the same work.
import { isDeepStrictEqual } from 'node:util'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Contender } from './contenders.ts'
import type { LoginWork } from './work.ts'

/** Throws unless the answer has the length of the gateway's and a session of the same header and claims. */
export async function checkSameAnswer({ name, url, request }: Contender, work: LoginWork): Promise<void> {
  const { path, headers, body } = request
  const response = await fetch(url + path, { method: 'POST', headers, body })
  // The gateway's ends with a line feed, which the JSON answers of frameworks do not have.
  const text = (await response.text()).trimEnd()
  if (response.status !== 200) throw new Error(`${name} answers ${response.status}: ${text}`)
  const expected = JSON.stringify(work.answer).length
  if (text.length !== expected) throw new Error(`${name} answers ${text.length} bytes, not ${expected}: ${text}`)
  const { token } = (JSON.parse(text) as LoginWork['answer']).session
  const { jti, iat, exp, ...claims } = decodeJwt(token)
  const isSame = isDeepStrictEqual([claims, decodeProtectedHeader(token)], [work.session.claims, work.session.header])
  if (!isSame || Number(exp) - Number(iat) !== work.session.lifetimeSeconds || jti?.length !== 36)
    throw new Error(`${name} signs another session`)
}
