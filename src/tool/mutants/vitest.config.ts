/**
 * The tests that the mutants meet; `stryker.ts` says which.
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const named = (variable: string): string[] => (process.env[variable] ?? '').split(' ').filter((name) => name !== '')

/** Of files of tests: what a run was seen to take. One that is cut short by a failure takes less. */
const longestMs = new Map<string, number>()

/** What failed for the last mutant, then what is quick: the first failure is enough, and mostly need not wait for what is slow. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { cache, config } = this.ctx
    const cost = ({ project, moduleId }: TestSpecification): number => {
      const key = `${project.name}:${relative(config.root, moduleId)}`
      const { duration = 0, failed = false } = cache.getFileTestResults(key) ?? {}
      longestMs.set(key, Math.max(longestMs.get(key) ?? 0, duration))
      return failed ? -1 : longestMs.get(key)!
    }
    const costs = new Map(files.map((file) => [file, cost(file)]))
    return files.toSorted((one, other) => costs.get(one)! - costs.get(other)!)
  }
}

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
    sequence: { sequencer: QuickestFirst },
    isolate: false,
  },
})
