// Challenges in workerd: it seals and opens there as it does on Node, and opens what Node has sealed.
import { expect, it } from 'vitest'
import { openChallenge, sealChallenge } from '../../src/token/challenge.ts'
import { CHALLENGE, NOW_SECONDS, SCOPE, SEAL_KEY, SEALED } from '../token/challenge-sample.ts'

const opened = { ok: true, value: CHALLENGE }

it('opens what Node has sealed', async () => {
  expect(await openChallenge(SEALED, SCOPE, [SEAL_KEY], NOW_SECONDS)).toEqual(opened)
})

it('opens what it has sealed, by that key, in that place and in its time', async () => {
  const other = new Uint8Array(32).fill(2)
  const sealed = (await sealChallenge(CHALLENGE, SCOPE, [SEAL_KEY, other], NOW_SECONDS)) ?? ''
  expect(await openChallenge(sealed, SCOPE, [other, SEAL_KEY], NOW_SECONDS)).toEqual(opened)
  const refusals = await Promise.all([
    openChallenge(sealed, SCOPE, [other], NOW_SECONDS),
    openChallenge(`${sealed.slice(0, -1)}${sealed.endsWith('A') ? 'B' : 'A'}`, SCOPE, [SEAL_KEY], NOW_SECONDS),
    openChallenge(sealed, { ...SCOPE, clusterId: 'c-2' }, [SEAL_KEY], NOW_SECONDS),
    openChallenge(sealed, SCOPE, [SEAL_KEY], NOW_SECONDS + 60),
  ])
  expect(refusals).toMatchObject(
    ['challenge_malformed', 'challenge_malformed', 'challenge_mismatch', 'challenge_expired'].map((code) => ({
      ok: false,
      refusal: { code },
    })),
  )
})
