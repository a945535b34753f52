// What a document is compiled with where a test asks for nothing special.
import type { CompileContext } from '../../src/attest/attestor.ts'

export const COMPILE_CONTEXT: CompileContext = {
  scope: 'clusters/c-1',
  documentDigest: 'sha256:0',
  issuerUrl: 'https://login.example.org',
  urlPolicy: { allowLoopback: false },
  exactPins: false,
}
