/**
 * Rows of `npm run bench` that are measured through the built site: each is an annotation of its journey.
 * @module
 */
import { test } from '@playwright/test'
import type { Row } from '../../src/bench/journeys.ts'
import { quantile } from '../tool/quantile.ts'

export const report = (row: Row): void =>
  void test.info().annotations.push({ type: 'row', description: JSON.stringify(row) })

export const median = (values: readonly number[]): number => quantile(values, 0.5)
