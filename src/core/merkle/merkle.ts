/**
 * Commitments: an ordered map and a list whose single hash stands for all they hold, with short proofs for any part.
 * @module
 */
export * from './authenticated-map.ts'
export * from './merkle-tree.ts'
export * from './merkle-levels.ts'
