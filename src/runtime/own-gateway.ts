// The one gateway of this isolate, of the Worker's own bindings.
import { env } from 'cloudflare:workers'
import { createWorkerGateway } from './worker-gateway.ts'

export const { app, tellStarted, issuerUrl } = await createWorkerGateway(env as unknown as Record<string, unknown>)
