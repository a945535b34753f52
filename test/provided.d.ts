import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the stand-in cluster of the workers project listens; it is its issuer as well. */
    readonly cluster: string
    anotherCluster: string
  }
}
