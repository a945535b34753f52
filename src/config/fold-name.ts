/**
 * Folds case and compatibility forms (NFKC, Unicode UAX #15), so that `ＰＲＯＤ`, `Prod` and `prod` compare equal: a
 * relying party that ignores case or width could confuse them. Use it for comparison only; never print or sign the
 * result.
 *
 * @example foldName('ＰＲＯＤ') // 'prod'
 */
export function foldName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}
