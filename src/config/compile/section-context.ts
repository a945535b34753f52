// The settings that compiling a document depends on.
import type { EntryContext } from '../../attest/attest-context.ts'
import type { HostFeature } from '../../attest/host-features.ts'
import type { AttestorTable } from '../../attest/table.ts'

/** The same for all documents of one gateway and scope. */
export interface CompileContext extends EntryContext {
  /** The attestors that policies may require. */
  readonly attestors: AttestorTable
  /** True if the gateway has a replay store. Without one no evidence can be claimed, and a policy with `singleUse` never admits. */
  readonly canClaim: boolean
  /** What the host can do of what not all hosts can. */
  readonly hostFeatures: ReadonlySet<HostFeature>
}
