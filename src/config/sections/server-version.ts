// Versions of the upstream server: three numbers, compared one by one.

const VERSION = /^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$/

declare const parsed: unique symbol
/** `x.y.z`. Only {@link parseServerVersion} makes one. */
export type ServerVersion = string & { readonly [parsed]: 'ServerVersion' }

export function parseServerVersion(text: string): ServerVersion | undefined {
  return VERSION.test(text) ? (text as ServerVersion) : undefined
}

/** Whether `version` is at least `least`. @param least `x.y.z`, a constant of our own tables */
export function isAtLeast(version: ServerVersion, least: string): boolean {
  const minimum = least.split('.').map(Number)
  for (const [index, part] of version.split('.').map(Number).entries()) {
    const difference = part - (minimum[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
