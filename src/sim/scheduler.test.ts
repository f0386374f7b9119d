import { describe, expect, test } from 'vitest'
import { Scheduler } from './scheduler.ts'
import { drain } from './testing/drain.ts'

describe('virtual time', () => {
  test('leaps from event to event, in order of time and then of making', async () => {
    const scheduler = new Scheduler(drain)
    const order: string[] = []
    const note = (name: string) => () => void order.push(`${name} at ${scheduler.nowMs}`)
    scheduler.after(50, note('late'))
    scheduler.after(10, note('first of two'))
    scheduler.after(10, note('second of two'))
    scheduler.after(86_400_000, note('a day later'))
    await scheduler.run(scheduler.sleep(86_400_000))
    expect(order).toEqual(['first of two at 10', 'second of two at 10', 'late at 50', 'a day later at 86400000'])
  })

  test('pops a shuffled heap in order', async () => {
    const scheduler = new Scheduler(drain)
    const times: number[] = []
    for (let i = 0; i < 500; i++) scheduler.after((i * 7919) % 1009, () => times.push(scheduler.nowMs))
    await scheduler.run(scheduler.sleep(2000))
    expect(times).toHaveLength(500)
    expect(times).toEqual(times.toSorted((left, right) => left - right))
  })

  test('stands still until everything that an event set off has run', async () => {
    const scheduler = new Scheduler(drain)
    const order: string[] = []
    scheduler.after(1, async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      order.push(`chain ends at ${scheduler.nowMs}`)
    })
    scheduler.after(2, () => void order.push('next event'))
    await scheduler.run(scheduler.sleep(3))
    expect(order).toEqual(['chain ends at 1', 'next event'])
  })

  test('does not run what was cancelled, nor leaps to its time', async () => {
    const scheduler = new Scheduler(drain)
    let hasRun = false
    scheduler.after(5, () => (hasRun = true))()
    await scheduler.run(scheduler.sleep(10))
    expect(hasRun).toBe(false)
    expect(scheduler.eventCount).toBe(1)
  })

  test('says so where nothing can happen any more, and where it never ends', async () => {
    const stalled = new Scheduler(drain)
    await expect(stalled.run(new Promise(() => {}))).rejects.toThrow('nothing is left to happen')
    const endless = new Scheduler(drain)
    const again = (): void => void endless.after(1, again)
    again()
    await expect(endless.run(new Promise(() => {}), 100)).rejects.toThrow('100 events')
  })

  test('hands on the error of what it runs', async () => {
    await expect(new Scheduler(drain).run(Promise.reject(new Error('from within')))).rejects.toThrow('from within')
  })
})
