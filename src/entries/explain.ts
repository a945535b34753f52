// `postern/explain`: what a document says about a login, without files or network.
export {
  type DocumentSettings,
  type ExplainedLogin,
  explainDocument,
  type LoginToExplain,
  type ValidatedDocument,
  validateDocument,
} from '../explain/explain-document.ts'
export type { RefusedBody } from '../explain/explain-evidence.ts'
