/**
 * What the simulator page and its thread say to each other.
 * @module
 */
import type { StageDeed, StageOptions, StagePicture } from '../../port/stage.ts'

export type StageOrder =
  /** The first, and once. */
  | { readonly kind: 'open'; readonly options: StageOptions }
  | { readonly kind: 'act'; readonly deed: StageDeed }
  | { readonly kind: 'pace'; readonly simulatedMsPerSecond: number }

export type StageNews =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'picture'; readonly picture: StagePicture }
