// What an expression may name. A policy hands in the scope of its attestors, an override that of its surface.
import { resolveAttribute, suggestAttribute } from '../attribute/catalogue.ts'
import type { AttributeRow } from '../attribute/row.ts'

export interface ScopeAttribute {
  /** The canonical name, as `Attributes` has it. */
  readonly name: string
  readonly key?: string | undefined
  readonly row: {
    readonly type: 'text' | 'int'
    readonly many?: true | undefined
    readonly optional?: true | undefined
    readonly chosenBy?: string | undefined
  }
}

export interface ConditionScope {
  /** `text` is dotted, with a map key in brackets: `kubernetes.pod.label[app]`. */
  readonly resolve: (text: string) => ScopeAttribute | undefined
  /** The nearest right name, for a message. */
  readonly suggest: (text: string) => string | undefined
  /** Why a known attribute may not be used here; `undefined` if it may. */
  readonly forbid?: (attribute: ScopeAttribute) => string | undefined
}

/** The whole catalogue, less the rows that `forbid` has a reason against. */
export function createCatalogueScope(forbid?: (row: AttributeRow) => string | undefined): ConditionScope {
  return {
    resolve: resolveAttribute,
    suggest: suggestAttribute,
    forbid: (attribute) => {
      const row = resolveAttribute(attribute.name)?.row
      return row === undefined ? undefined : forbid?.(row)
    },
  }
}
