/**
 * The trash: how long what was deleted can be restored.
 * @module
 */
import type { Item } from './api.ts'
import { type LivedTime, livedSince } from './lived-time.ts'

export const trashLifeMs = 30 * 24 * 60 * 60 * 1000

/** Whether it has been in the trash for so long that this device may delete it for good: days that it lived through count. */
export const isOverdue = ({ trashedAtMs }: Item, lived: LivedTime, nowMs: number): boolean =>
  trashedAtMs !== null && livedSince(lived, trashedAtMs, nowMs) >= trashLifeMs
