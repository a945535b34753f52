// `postern/node`: the gateway on Node with the defaults of `postern serve`, and the parts that it is made of.
export { createNodeGateway, type NodeGatewayOptions } from '../runtime/create-node-gateway.ts'
export { createDirectorySource } from '../runtime/directory-source.ts'
export { createGuardedFetch } from '../runtime/http/guarded-fetch.ts'
export { readSocketAddress } from '../runtime/http/peer-address.ts'
export { fetchPolicyVm, loadPolicyVm } from '../runtime/load-policy-vm.ts'
export { createPrometheus, type Prometheus } from '../runtime/metrics/prometheus.ts'
export { openReplay } from '../runtime/replay/open-replay.ts'
