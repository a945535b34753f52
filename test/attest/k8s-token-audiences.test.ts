// Many policies of one issuer are asked at once whether a token is meant for any of them.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkAudience, combineAudiences } from '../../src/attest/oidc/audiences.ts'
import type { Requirement } from '../../src/attest/shapes.ts'
import { evaluateLogin } from '../../src/policy/login/login.ts'
import { attestation, createWorld, policySet, type World } from '../policy/fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

const name = fc.constantFrom('a', 'b', 'c', 'default', '__proto__')
const names = fc.array(name, { minLength: 1, maxLength: 3 })

describe('the audiences of many policies', () => {
  it('are met together exactly where one of them is met alone', () => {
    fc.assert(
      fc.property(names, fc.array(names, { minLength: 1 }), (audiences, lists) => {
        const pins = lists.map((accepted) => ({ audiences: accepted }))
        const together = combineAudiences(pins)
        const alone = pins.some((one) => checkAudience({ audiences }, one, 'default')?.refusal === undefined)
        expect(audiences.some((audience) => together.has(audience))).toBe(alone)
      }),
    )
  })

  it('of no policy are met by nothing', () => {
    expect(combineAudiences([]).size).toBe(0)
  })

  it('are read once for a document, and not for each login', async () => {
    let reads = 0
    const counting = (): Requirement => {
      const requirement = world.requirement({ audiences: ['elsewhere'] })
      const pins = new Proxy(requirement.pins as object, {
        get(target, member) {
          if (member === 'audiences') reads++
          return Reflect.get(target, member)
        },
      })
      return { ...requirement, pins }
    }
    const set = policySet(...Array.from({ length: 300 }, (_, index) => [`p${index}`, counting()] as const))
    const evidence = [attestation(await world.mint())]
    const codes = async (): Promise<unknown> => {
      const outcome = await evaluateLogin(evidence, set, world.context)
      return outcome.kind === 'refused' && outcome.refusals.map(({ refusal }) => refusal.code)
    }
    expect(await codes()).toEqual(['audience_mismatch'])
    const once = reads
    expect(await codes()).toEqual(['audience_mismatch'])
    expect(reads).toBe(once)
  })
})
