/**
 * Mutants that no test can kill, each with its reason.
 * @module
 */
import type { Excuse } from './count.ts'

export const excused: readonly Excuse[] = [
  {
    file: 'src/core/block/body.ts',
    line: 'for (let next = 0; next < places.length; next += pagesAheadMax) {',
    from: 'next < places.length',
    to: 'next <= places.length',
    reason: 'One more group would have no place in it.',
  },
  {
    file: 'src/core/block/body.ts',
    line: "const answers = stored.length === 0 ? [] : yield { kind: 'need', pages: stored.map(({ hash }) => hash) }",
    from: '[]',
    to: '["Stryker was here"]',
    reason: 'Where no page was asked for no answer is looked at.',
  },
  {
    file: 'src/core/block/body.ts',
    line: 'if (last >= 0 && sectorSizeOf(old.sizeBytes, last) !== sectorSizeOf(sizeBytes, last) && !changed.has(last))',
    from: 'last >= 0',
    to: 'true',
    reason: 'Before the first sector any body has the size of a whole one.',
  },
  {
    file: 'src/core/block/body.ts',
    line: 'const keepsSome = oldHash !== null && countWithin(indexes, start, keptEnd) < keptEnd - start',
    from: 'oldHash !== null',
    to: 'true',
    reason: 'Beyond the old end the rest is false as well; this half is for the compiler.',
  },
  {
    file: 'src/core/block/body.ts',
    line: 'partial: readonly Body[] = [],',
    from: '[]',
    to: '["Stryker was here"]',
    reason: 'A text has no size and is left out as an empty body is.',
  },
  {
    file: 'src/core/block/body-page.ts',
    line: 'while (spanOf(level) < sectorCount) level++',
    from: 'spanOf(level) < sectorCount',
    to: 'spanOf(level) <= sectorCount',
    reason: 'A level more has one place, for which its only child stands in.',
  },
  {
    file: 'src/core/block/records.ts',
    line: "if (typeof kind !== 'string' || !Object.hasOwn(wires, kind)) throw new Error('expected a record')",
    from: "typeof kind !== 'string'",
    to: 'false',
    reason: 'What is no text is no key either; this half is for the compiler.',
  },
  {
    file: 'src/core/block/records.ts',
    line: "if (signed.kind === 'removal') return accepted(signed)",
    from: "signed.kind === 'removal'",
    to: 'false',
    reason: 'A removal has no version that could contradict its previous hash; the line is for the compiler.',
  },
  {
    file: 'src/core/block/records.ts',
    line: "if (signed.kind === 'removal') return accepted(signed)",
    from: "'removal'",
    to: '""',
    reason: 'The same.',
  },
  {
    file: 'src/core/block/signature.ts',
    line: 'const root = known?.hash === hash ? known.root : isAllowed ? rootByProof(count, index, hash, way) : null',
    from: 'known?.hash === hash',
    to: 'false',
    reason: 'The way leads to the same root, which need only not be computed again.',
  },
  {
    file: 'src/core/block/signature.ts',
    line: 'knownRoots.set(part, { hash: hashes[index]!, root })',
    from: '{ hash: hashes[index]!, root }',
    to: '{}',
    reason: 'The same: what is not known is computed.',
  },
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
