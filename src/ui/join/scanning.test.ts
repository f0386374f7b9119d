import { describe, expect, test } from 'vitest'
import { BlocktreeError, CancelledError } from '../../core/bytes/bytes.ts'
import type { ScannerPort } from '../ports.ts'
import { Scanning } from './scanning.ts'

const code = 'h2ludml0YXRpb24B'.repeat(12)
const link = `https://tree.example/#/join&code=${code}`
const video = {} as HTMLVideoElement

/** A camera that sees what `see` is given. */
function begin(more: Partial<ScannerPort> = {}) {
  const found: string[] = []
  const camera = { isOn: false, see: (_text: string): void => {} }
  const scanner: ScannerPort = {
    async look(_video, { signal, onRunning, onText }) {
      camera.isOn = true
      camera.see = onText
      onRunning()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      camera.isOn = false
    },
    readPhoto: async () => null,
    ...more,
  }
  const scanning = new Scanning(
    async () => scanner,
    (each) => found.push(each),
  )
  return { scanning, camera, found }
}

describe('reading an invitation', () => {
  test('by the camera, past a code that is none', async () => {
    const { scanning, camera, found } = begin()
    const looked = scanning.look(video)
    expect(scanning.state).toBe('asking')
    await expect.poll(() => scanning.state).toBe('looking')
    camera.see('https://tree.example/')
    expect([scanning.isStranger, scanning.state, found]).toEqual([true, 'looking', []])
    camera.see(link)
    camera.see(link)
    await looked
    expect([scanning.isStranger, scanning.state, found, camera.isOn]).toEqual([false, 'idle', [code], false])
  })

  test('the camera is off once it is left', async () => {
    const { scanning, camera, found } = begin()
    const looked = scanning.look(video)
    await expect.poll(() => camera.isOn).toBe(true)
    scanning.stop()
    await looked
    camera.see(link)
    expect([camera.isOn, scanning.state, found]).toEqual([false, 'idle', []])
  })

  test('a camera that was left before it was there is not turned on', async () => {
    const { scanning, camera } = begin()
    const looked = scanning.look(video)
    scanning.stop()
    await looked
    expect([camera.isOn, scanning.state]).toEqual([false, 'idle'])
  })

  test('where there is no camera that is said', async () => {
    const look = () => Promise.reject(new BlocktreeError('cameraMissing', 'There is no camera.'))
    const { scanning } = begin({ look })
    await scanning.look(video)
    expect([scanning.state, scanning.problem]).toEqual(['idle', 'There is no camera.'])
  })

  test.each([
    ['an invitation', link, '', [code]],
    ['another code', 'WIFI:S:home;;', 'no invitation', []],
    ['no code', null, 'No code can be read', []],
  ])('a picture of %s', async (_, text, problem, codes) => {
    const { scanning, found } = begin({ readPhoto: async () => text })
    await scanning.readPhoto(new Blob())
    expect([scanning.state, found]).toEqual(['idle', codes])
    expect(scanning.problem).toContain(problem)
    expect(scanning.problem === '').toBe(problem === '')
  })

  test('a picture puts the camera away', async () => {
    const { scanning, camera, found } = begin({ readPhoto: async () => link })
    const looked = scanning.look(video)
    await expect.poll(() => camera.isOn).toBe(true)
    await scanning.readPhoto(new Blob())
    await looked
    expect([camera.isOn, scanning.state, found]).toEqual([false, 'idle', [code]])
  })

  test('what was cancelled is no problem', async () => {
    const { scanning } = begin({ readPhoto: () => Promise.reject(new CancelledError()) })
    await scanning.readPhoto(new Blob())
    expect([scanning.state, scanning.problem]).toEqual(['idle', ''])
  })

  test('a pasted link', () => {
    const { scanning, found } = begin()
    scanning.readLink('https://tree.example/')
    expect(scanning.problem).toContain('no invitation')
    scanning.readLink(link)
    expect([scanning.problem, found]).toEqual(['', [code]])
  })
})
