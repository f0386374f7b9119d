import { expect, test } from 'vitest'
import type { Job } from '../../node/api.ts'
import { words } from '../words.ts'

test.each([
  { unit: 'items', progress: '12 of 40', rate: '4/s' },
  { unit: 'bytes', progress: '12 bytes of 40 bytes', rate: '4 bytes/s' },
] as const)('a job is counted in its unit ($unit), whatever it does', ({ unit, progress, rate }) => {
  const job: Job = { id: 'job', kind: 'add', title: '', unit, done: 12, total: 40, perSecond: 4 }
  expect(words.jobs.progress(job)).toContain(progress)
  expect(words.jobs.rate(job)).toContain(rate)
})
