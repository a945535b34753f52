/** As `package.json` has it, which no host can read at run time; a test holds the two together. */
export const VERSION = '0.1.0'
