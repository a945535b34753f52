// What documents of tests compile in: the attestors that ship, and nothing of the network.

import { EVERY_FEATURE } from '../../src/attest/host-features.ts'
import { createAttestorTable } from '../../src/attest/table.ts'
import type { CompileContext } from '../../src/config/compile/section-context.ts'

export const TABLE = createAttestorTable()

export const COMPILE_CONTEXT: CompileContext = {
  attestors: TABLE,
  trustDomain: 'example.org',
  issuerUrl: 'https://login.example.org',
  urlPolicy: { allowLoopback: false },
  exactPins: false,
  canSeal: true,
  canClaim: true,
  hostFeatures: EVERY_FEATURE,
  defaultAudiences: ['spiffe://example.org'],
}
