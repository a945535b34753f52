// A part of a page that is made of the code, between two comments that name it. The rest of the page is written by hand.

/** The text between the comments. Throws if the page does not have them, once each. */
export function readBlock(page: string, name: string): string {
  return split(page, name).block
}

/** The page with another text between the comments. */
export function replaceBlock(page: string, name: string, text: string): string {
  const { before, after } = split(page, name)
  return `${before}\n\n${text}\n\n${after}`
}

/** The names of all blocks, in the order of the page. */
export function blockNames(page: string): readonly string[] {
  return Array.from(page.matchAll(/^<!-- made by `npm run docs`: (.+) -->$/gm), ([, name = '']) => name)
}

function split(
  page: string,
  name: string,
): { readonly before: string; readonly block: string; readonly after: string } {
  const [begin, end] = blockComments(name)
  const [before = '', rest, ...more] = page.split(`${begin}\n\n`)
  const [block, after, ...others] = rest?.split(`\n\n${end}`) ?? []
  if (block === undefined || after === undefined || more.length > 0 || others.length > 0)
    throw new Error(`The page needs one block ${begin} ... ${end}`)
  return { before: before + begin, block, after: end + after }
}

/** The comment before a block, and the one after it. */
export function blockComments(name: string): readonly [begin: string, end: string] {
  return [`<!-- made by \`npm run docs\`: ${name} -->`, `<!-- end: ${name} -->`]
}
