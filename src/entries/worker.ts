// `postern/worker`: what the main module of a Worker exports, and its gateway for a larger app.
export { app as gateway } from '../runtime/own-gateway.ts'
export { default, PosternService, ReplayShard } from '../runtime/worker.ts'
