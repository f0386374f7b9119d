import { describe, expect, test } from 'vitest'
import type { ClockPort } from '../port/platform.ts'
import { type JobHandle, Jobs } from './jobs.ts'
import { Precedence } from './precedence.ts'

/** A clock that goes when it is told to. */
function handClock() {
  let nowMs = 0
  let timers: { readonly atMs: number; readonly callback: () => void }[] = []
  const clock: ClockPort = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback }
      timers.push(timer)
      return () => (timers = timers.filter((other) => other !== timer))
    },
  }
  /** Time that a busy thread spends without a look at its timers. */
  const work = (byMs: number): void => void (nowMs += byMs)
  const pass = (byMs: number): void => {
    work(byMs)
    const due = timers.filter(({ atMs }) => atMs <= nowMs)
    timers = timers.filter(({ atMs }) => atMs > nowMs)
    for (const { callback } of due) callback()
  }
  return { clock, pass, work }
}

function world() {
  const { clock, pass, work } = handClock()
  const heard: string[] = []
  const precedence = new Precedence(clock)
  const jobs = new Jobs(clock, precedence, {
    onJob: ({ id, done }) => heard.push(`${id} ${done}`),
    onJobEnded: (id) => heard.push(`${id} ended`),
  })
  /** A job that ends when it is told to. */
  const begin = (id: string) => {
    let end = (): void => {}
    let handle: JobHandle | null = null
    const result = jobs.run(id, 'add', 'a file', 100, (given) => {
      handle = given
      return new Promise<void>((resolve) => (end = resolve))
    })
    return {
      handle: handle! as JobHandle,
      async end() {
        end()
        await result
      },
    }
  }
  /** What was to happen at once has happened. */
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return { jobs, heard, pass, work, begin, precedence, settled }
}

test('of a job that is over at once nobody hears', async () => {
  const { heard, pass, begin } = world()
  const short = begin('short')
  pass(249)
  short.handle.advance(50)
  await short.end()
  pass(1000)
  expect(heard).toEqual([])
})

test('a job that goes on is told of, and so is its end', async () => {
  const { heard, pass, begin } = world()
  const long = begin('long')
  pass(250)
  await long.end()
  expect(heard).toEqual(['long 0', 'long ended'])
})

test('one timer serves those that begin later too', async () => {
  const { heard, pass, begin } = world()
  const [first, later] = [begin('first'), (pass(200), begin('later'))]
  pass(50)
  expect(heard).toEqual(['first 0'])
  pass(250)
  expect(heard).toEqual(['first 0', 'later 0'])
  await Promise.all([first.end(), later.end()])
  expect(heard.slice(2)).toEqual(['first ended', 'later ended'])
})

test('progress makes a job known where the thread had no time for its timers', async () => {
  const { heard, begin, work } = world()
  const slow = begin('slow')
  slow.handle.advance(10)
  expect(heard).toEqual([])
  work(250)
  slow.handle.advance(20)
  await slow.end()
  expect(heard).toEqual(['slow 20', 'slow ended'])
})

test('whoever is given the list of jobs hears of their end', async () => {
  const { jobs, heard, begin } = world()
  const short = begin('short')
  expect(jobs.tellAll().map(({ id }) => id)).toEqual(['short'])
  await short.end()
  expect(heard).toEqual(['short ended'])
})

test('what moves is counted in items, what is added in octets', async () => {
  const { jobs, begin } = world()
  const added = begin('added')
  const moved = jobs.run('moved', 'move', 'a folder', 3, (job) => job.turn())
  expect(jobs.tellAll().map(({ unit, total }) => `${total} ${unit}`)).toEqual(['100 bytes', '3 items'])
  await Promise.all([added.end(), moved])
})

test('the same request asked again gets the same answer, and a cancelled one says so where it looks', async () => {
  const { jobs, begin } = world()
  const once = begin('once')
  const again = jobs.run('once', 'add', 'a file', 100, () => Promise.reject(new Error('asked twice')))
  jobs.cancel('once')
  expect(() => once.handle.check()).toThrow()
  await once.end()
  await expect(again).resolves.toBeUndefined()
})

describe('between two pieces', () => {
  /** What is over in a moment, ended by hand. */
  const momentary = (precedence: Precedence) => {
    let end = (): void => {}
    const done = precedence.momentary(() => new Promise<void>((resolve) => (end = resolve)))
    return {
      async end() {
        end()
        await done
      },
    }
  }
  const watched = (turn: Promise<void>) => {
    const seen = { isOver: false }
    void turn.then(() => (seen.isOver = true))
    return seen
  }

  test('what is over in a moment goes first', async () => {
    const { begin, precedence, settled } = world()
    const upload = begin('upload')
    await upload.handle.turn()
    const one = momentary(precedence)
    const other = momentary(precedence)
    const turn = watched(upload.handle.turn())
    await one.end()
    await settled()
    expect(turn.isOver).toBe(false)
    await other.end()
    await settled()
    expect(turn.isOver).toBe(true)
  })

  test('but no longer than a moment', async () => {
    const { begin, precedence, pass, settled } = world()
    const upload = begin('upload')
    momentary(precedence)
    for (let piece = 0; piece < 2; piece++) {
      const turn = watched(upload.handle.turn())
      pass(249)
      await settled()
      expect(turn.isOver).toBe(false)
      pass(1)
      await settled()
      expect(turn.isOver).toBe(true)
    }
  })

  test('one that failed is over, and a job that was cancelled meanwhile does not go on', async () => {
    const { begin, jobs, precedence } = world()
    const upload = begin('upload')
    let fail = (): void => {}
    const failing = precedence.momentary(() => new Promise((_, reject) => (fail = () => reject(new Error('no room')))))
    const stopped = expect(upload.handle.turn()).rejects.toThrow()
    jobs.cancel('upload')
    fail()
    await expect(failing).rejects.toThrow('no room')
    await stopped
  })
})
