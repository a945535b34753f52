/** The version of Postern, as operators and issuers see it. A test compares it with package.json. */
export const VERSION = '0.1.0'
