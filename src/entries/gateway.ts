// `postern`: the gateway, for a host of one's own.

export type { Attestor } from '../attest/attestor.ts'
export { ATTESTORS } from '../attest/table.ts'
export { createUrlPolicy } from '../config/compile/compile-context.ts'
export type { ConfigSource, StateStore } from '../config/source.ts'
export { type AuditRecord, type AuditSink, formatAuditLine } from '../gateway/audit/audit.ts'
export { createGateway } from '../gateway/gateway.ts'
export type { GatewayApp, GatewayEnv, GatewayOptions } from '../gateway/services.ts'
export type { Settings } from '../gateway/settings.ts'
export type { Claim, ReplayStore } from '../policy/single-use/replay-store.ts'
export { describeProblems, type Environment, readServingSettings, type SettingsResult } from '../runtime/settings.ts'
export { sleep } from '../runtime/sleep.ts'
