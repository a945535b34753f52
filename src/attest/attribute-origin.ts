// The origin of the attributes that an attestor proves. It is the type of the attestor, with one documented exception:
// what an extension answers is `custom.<key>`.

const EXTENSION = 'extension'
const CUSTOM = 'custom'

/** @param type that of an attestor, as documents name it */
export function findOrigin(type: string): string {
  return type === EXTENSION ? CUSTOM : type
}

/** The attestor whose attributes have this origin. */
export function findAttestor(origin: string): string {
  return origin === CUSTOM ? EXTENSION : origin
}
