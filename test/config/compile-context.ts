// What documents of tests compile in: the attestors that ship, and nothing of the network.

import { createAttestorTable } from '../../src/attest/table.ts'
import type { CompileContext } from '../../src/config/compile/section-context.ts'

export const TABLE = createAttestorTable()

export const COMPILE_CONTEXT: CompileContext = {
  attestors: TABLE,
  scope: 'cluster',
  trustDomain: 'example.org',
  issuerUrl: 'https://login.example.org',
  urlPolicy: { allowLoopback: false },
  exactPins: false,
  canSeal: true,
  canClaim: true,
  defaultAudiences: ['spiffe://example.org'],
}
