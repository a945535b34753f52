// Real KV in workerd: what was superseded or deleted there does not come back either.
import { env } from 'cloudflare:workers'
import { inject } from 'vitest'
import { createKvSource } from '../../src/runtime/kv-source.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import module from '../../wasm/policy-vm.wasm'
import { keepsSupersededOut } from '../gateway/superseded.ts'

const { POLICIES } = env as unknown as { readonly POLICIES: KVNamespace }
const cluster = inject('anotherCluster')

keepsSupersededOut('workerd', async () => {
  const settings = readSettings(env as unknown as Record<string, unknown>, { canResolve: false })
  if (!settings.ok) throw new Error(settings.problems.join())
  return {
    settings: settings.value,
    module,
    store: createKvSource(POLICIES),
    async token(nowMillis) {
      const ageSeconds = Math.floor((Date.now() - nowMillis) / 1000)
      const response = await fetch(`${cluster}/token?ageSeconds=${ageSeconds}`)
      return (await response.text()).trim()
    },
    document: (pin) =>
      [
        'section: AgentAttestation',
        'schema: v1',
        'spec:',
        '  policies:',
        '    - name: k8s_policy',
        '      requiredAttestors:',
        '        - type: k8s_token',
        '          config:',
        `            issuerURL: ${cluster}`,
        ...(pin === undefined ? [] : [`            ${pin}`]),
        '',
      ].join('\n'),
    delete: (key) => POLICIES.delete(key),
  }
})
