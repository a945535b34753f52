// `postern/verify`: sessions at a relying party.
export { requireSession, type SessionVariables, verifyRequest } from '../verify/require-session.ts'
export {
  createSessionVerifier,
  type Requirement,
  type SessionAttribute,
  type SessionVerifier,
  type SessionVerifierOptions,
  type Verdict,
  type VerifiedSession,
} from '../verify/session-verifier.ts'
