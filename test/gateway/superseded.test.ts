import { afterAll, beforeAll } from 'vitest'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createWorld, policyText, type World } from './fixture.ts'
import { keepsSupersededOut } from './superseded.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

keepsSupersededOut('Node', async () => ({
  settings: world.settings,
  module: loadPolicyVm(),
  store: world.store,
  token: (nowMillis) => world.issuer.mint({ nowSeconds: Math.floor(nowMillis / 1000) }),
  document: (pin) => policyText(world.issuer.issuer, pin === undefined ? [] : [pin]),
  delete: (key) => world.store.delete(key),
}))
