// The floor as a Worker.
import { env } from 'cloudflare:workers'
import type { LoginWork } from '../login/work.ts'
import { createFloor } from './floor.ts'

const { WORK } = env as unknown as { readonly WORK: string }

export default await createFloor(JSON.parse(WORK) as LoginWork)
