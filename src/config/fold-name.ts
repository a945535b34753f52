/**
 * What a reader that ignores case and width takes two names for: `ＰＲＯＤ`, `Prod` and `prod` are one. It is for
 * comparing alone, and never what is printed or signed.
 */
export function foldName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}
