// What key sources tell of every load, where events tell only of changes. For numbers, not for people.

export interface KeyCounts {
  readonly noteLoad: (isLoaded: boolean) => void
  /** An unknown key id caused no load: the bucket of its source was empty. */
  readonly noteLimited: () => void
}
