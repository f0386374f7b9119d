/**
 * The tests that the mutants meet; `stryker.ts` says which.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const named = (variable: string): string[] => (process.env[variable] ?? '').split(' ').filter((name) => name !== '')

export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  plugins: [
    {
      // What a hundred random cases find ten do, nearly always, and each of a thousand mutants waits for them. Those of Raft are
      // quick, and count over all of their runs what was seen.
      name: 'fewer-runs',
      transform: (code, id) =>
        id.endsWith('.test.ts') && !id.includes('/core/raft/')
          ? code.replaceAll(/numRuns: \d+/g, (runs) => `${runs} && 10`)
          : null,
    },
  ],
  test: {
    include: named('MUTANTS_TESTS'),
    exclude: named('MUTANTS_WITHOUT'),
    setupFiles: ['src/tool/mutants/setup.ts'],
    environment: 'node',
    testTimeout: 60_000,
    isolate: false,
  },
})
