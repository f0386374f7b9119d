/**
 * What the page and its scan worker say to each other: one picture at a time, one answer each.
 * @module
 */

export interface ScanQuestion {
  /** Moved, and closed by the worker. */
  readonly picture: ImageBitmap
  /** A still picture gets all the time that it takes; of a camera's the next one may be better. */
  readonly isStill: boolean
}
export interface ScanAnswer {
  /** What the code says; null where none can be read. */
  readonly text: string | null
}
