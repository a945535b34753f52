// What the page and its worker say to each other. A question has an id; its answer has the same.
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { ShareChoices } from '../share/select-shared.ts'
import type { Packed, SharedState, Unpacked } from '../share/shared-state.ts'
import type { ComparedCase, Difference } from './compare.ts'
import type { Forecast } from './forecast.ts'
import type { MadeTest } from './make-test.ts'
import type { Report } from './report.ts'
import type { TestsReport } from './run-tests.ts'
import type { Situation } from './situation.ts'
import type { Vocabulary } from './vocabulary.ts'

/** The kinds of question: what is asked, and what is answered. */
export interface Exchanges {
  evaluate: { readonly asked: Situation; readonly answered: Report }
  forecast: {
    readonly asked: { readonly situation: Situation; readonly instants: readonly number[] }
    /** `undefined`: something newer was asked meanwhile. */
    readonly answered: Forecast | undefined
  }
  compare: {
    readonly asked: {
      readonly situation: Situation
      readonly before: readonly PlacedDocument[]
      readonly cases: readonly ComparedCase[]
    }
    readonly answered: readonly Difference[] | undefined
  }
  /** Runs the policy tests against the documents. */
  test: {
    readonly asked: { readonly tests: string; readonly documents: readonly PlacedDocument[] }
    readonly answered: TestsReport | undefined
  }
  /** Adds the login to the policy tests as a case. */
  makeTest: {
    readonly asked: { readonly situation: Situation; readonly tests: string }
    readonly answered: MadeTest
  }
  vocabulary: { readonly asked: undefined; readonly answered: Vocabulary }
  /** Makes a link: what of the state goes into it is chosen. */
  pack: {
    readonly asked: { readonly state: SharedState; readonly choices: ShareChoices }
    readonly answered: Packed & { readonly omitted: readonly string[] }
  }
  /** Reads a link's fragment; `undefined` if it is none of ours. */
  unpack: { readonly asked: string; readonly answered: Unpacked | undefined }
  /** Tries to connect, which the policy of the page must refuse. */
  probe: { readonly asked: undefined; readonly answered: { readonly isRefused: boolean } }
}

export type Kind = keyof Exchanges

export type Question = {
  [K in Kind]: { readonly id: number; readonly kind: K; readonly asked: Exchanges[K]['asked'] }
}[Kind]

export type Reply =
  | { readonly id: number; readonly answered: Exchanges[Kind]['answered'] }
  /** A fault of the engine, which must never be taken for a verdict. */
  | { readonly id: number; readonly fault: string }
