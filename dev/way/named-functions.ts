// Functions that a page names with their file, such as `parseToken` (`src/token/parse.ts`), held to what a login runs.

type Named = readonly [file: string, name: string]

/** Those of a page, in its order. */
export function readNamedFunctions(page: string): readonly Named[] {
  return Array.from(page.matchAll(/`(\w+)`\s\(`(src\/[^`]+\.ts)`\)/g), ([, name = '', file = '']) => [file, name])
}

/** Those of a page that did not run: they have another name or another home now, or a login does not need them. */
export function findUnrun(page: string, run: readonly Named[]): readonly string[] {
  const known = new Set(run.map(([file, name]) => `${name} in ${file}`))
  return readNamedFunctions(page)
    .map(([file, name]) => `${name} in ${file}`)
    .filter((named) => !known.has(named))
}
