/**
 * Mutants that no test can kill, each with its reason.
 * @module
 */
import type { Excuse } from './count.ts'

export const excused: readonly Excuse[] = [
  {
    file: 'src/core/merkle/authenticated-map.ts',
    line: "node.kind === 'branch' && node.position < end;",
    from: "node.kind === 'branch'",
    to: 'true',
    reason: 'A leaf has no position, so the way ends there all the same; the kind is for the compiler.',
  },
  {
    file: 'src/core/merkle/merkle-levels.ts',
    line: 'level = pairsSizeBytes === level.length ? above : concat(above, level.subarray(pairsSizeBytes))',
    from: 'pairsSizeBytes === level.length',
    to: 'false',
    reason: 'Appending nothing gives the same octets; it would only copy them.',
  },
]
