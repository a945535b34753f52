// Other people's text in a message: quoted, at most 64 characters, nothing that steers a terminal or reorders a line.

const LONGEST = 64

export function quoteText(text: string): string {
  // Two UTF-16 units a character at most, so a megabyte is not spread into an array to learn that it is long.
  const characters = [...text.slice(0, 2 * LONGEST)]
  const isCut = text.length > 2 * LONGEST || characters.length > LONGEST
  const quoted = JSON.stringify(characters.slice(0, LONGEST).join('')).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return isCut ? `${quoted} (cut)` : quoted
}
