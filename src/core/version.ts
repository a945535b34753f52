/** The version of this software as operators and issuers see it; the same as in package.json. */
export const VERSION = '0.1.0'
