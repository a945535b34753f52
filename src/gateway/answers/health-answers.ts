// The answers to a balancer. They are public, so they reveal nothing of the deployment's configuration.
import * as v from 'valibot'
import { defineList, integer } from './shapes.ts'

export const livenessSchema = v.object({ status: v.literal('ok') })

export const checksSchema = v.pipe(
  v.object({
    store: v.object({ readable: v.boolean(), forSeconds: integer, checkedSecondsAgo: integer }),
    documents: v.pipe(
      v.object({ refused: integer, unreadable: integer }),
      v.description('Refused: the stored version is not in force. Unreadable: the last read failed, within a minute'),
    ),
    keys: v.pipe(
      v.object({ failing: integer, stale: integer }),
      v.description('Sources of keys of issuers. Failing: the last fetch failed. Stale: keys over their age are used'),
    ),
    audit: v.object({ taking: v.boolean(), failingForSeconds: v.exactOptional(integer) }),
    sealing: v.pipe(v.boolean(), v.description('Whether versions in force are recorded for isolates that start later')),
    recordsFailingForSeconds: v.exactOptional(integer),
    replay: v.pipe(
      v.object({
        store: v.string(),
        scope: v.exactOptional(v.picklist(['instance', 'shared'])),
        failingForSeconds: v.exactOptional(integer),
      }),
      v.description('The store of used evidence; scope "instance": other machines do not see what was used here'),
    ),
    draining: v.boolean(),
    degraded: defineList(
      v.picklist([
        'draining',
        'store_unreadable',
        'audit_failing',
        'sealing_off',
        'documents_refused',
        'documents_unreadable',
        'records_failing',
        'keys_failing',
        'replay_failing',
      ]),
    ),
  }),
  v.description('What /readyz checked; ages in whole seconds'),
) satisfies v.GenericSchema<Checks>

export const readinessSchema = v.object({ status: v.literal('ready'), checks: checksSchema })

export type Liveness = v.InferOutput<typeof livenessSchema>
export interface Checks {
  readonly store: { readonly readable: boolean; readonly forSeconds: number; readonly checkedSecondsAgo: number }
  /** Refused: the stored version is not in force. Unreadable: the last read failed, within a minute. */
  readonly documents: { readonly refused: number; readonly unreadable: number }
  /** Sources of issuers' keys. Failing: the last fetch failed. Stale: keys over their age are used. */
  readonly keys: { readonly failing: number; readonly stale: number }
  readonly audit: { readonly taking: boolean; readonly failingForSeconds?: number }
  /** Whether versions in force are recorded for isolates that start later. */
  readonly sealing: boolean
  readonly recordsFailingForSeconds?: number
  readonly replay: {
    readonly store: string
    readonly scope?: 'instance' | 'shared'
    readonly failingForSeconds?: number
  }
  readonly draining: boolean
  readonly degraded: readonly Degradation[]
}
export type Degradation =
  | 'draining'
  | 'store_unreadable'
  | 'audit_failing'
  | 'sealing_off'
  | 'documents_refused'
  | 'documents_unreadable'
  | 'records_failing'
  | 'keys_failing'
  | 'replay_failing'
export type Readiness = v.InferOutput<typeof readinessSchema>
