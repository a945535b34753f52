// Property tests draw the same cases at every run, so that a change is judged by what it changes and not by chance.
// To look further: FAST_CHECK_SEED=$RANDOM npm test
import process from 'node:process'
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 20_261_124) })
