/**
 * The tests that the mutants meet; `stryker.ts` says which, and whether random ones try as much as they usually do.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const named = (variable: string): string[] => (process.env[variable] ?? '').split(' ').filter((name) => name !== '')
const isQuick = process.env['MUTANTS_QUICK'] === '1'

export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  plugins: isQuick
    ? [
        {
          name: 'fewer-runs',
          transform: (code, id) =>
            id.endsWith('.test.ts') ? code.replaceAll(/numRuns: \d+/g, (runs) => `${runs} && 10`) : null,
        },
      ]
    : [],
  test: {
    include: named('MUTANTS_TESTS'),
    exclude: named('MUTANTS_WITHOUT'),
    setupFiles: ['src/tool/mutants/setup.ts'],
    environment: 'node',
    testTimeout: 60_000,
    isolate: false,
  },
})
