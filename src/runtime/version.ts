// The line that `--version` prints.
import manifest from '../../package.json' with { type: 'json' }

export const VERSION_LINE = `postern ${manifest.version}`
