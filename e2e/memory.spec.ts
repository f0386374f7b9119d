/**
 * A gigabyte needs no more memory than a megabyte.
 */
import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { expect, isProving, test, virtualAuthenticator } from './fixture.ts'
import { downloadFile, hashOnDisk, pickFiles, rowOf } from './tool/files.ts'
import { type Memory, MemoryWatch, memoryOf, sumOf } from './tool/memory.ts'
import { plant } from './tool/planting.ts'
import { isServed } from './tool/tree.ts'

const sizeBytes = 1 << 30
const allowedBytes = 200 << 20
const inMiB = (countBytes: number): string => `${(countBytes / 2 ** 20).toFixed(0)} MiB`

/** Random, so that nothing on the way can make it smaller. @returns its SHA-256, hexadecimal */
async function writeRandom(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  for (let at = 0; at < sizeBytes; at += 16 << 20) {
    const piece = randomBytes(16 << 20)
    hash.update(piece)
    await file.write(piece)
  }
  await file.close()
  return hash.digest('hex')
}

/** The lowest of several looks, one a second: what the browser does for its own start is over then. */
async function idleMemory(processId: number): Promise<Memory> {
  let lowest = await memoryOf(processId)
  for (let count = 0; count < 5; count++) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const memory = await memoryOf(processId)
    if (sumOf(memory) < sumOf(lowest)) lowest = memory
  }
  return lowest
}

if (isProving)
  test('1 GiB added and downloaded: peak minus idle of the memory @prove', async ({ profile }, info) => {
    test.skip(process.platform !== 'linux', 'only Linux tells the memory that processes share')
    test.setTimeout(1_200_000)
    const path = info.outputPath('large.bin')
    const hash = await writeRandom(path)
    const page = await profile.open()
    await isServed(page)
    await virtualAuthenticator(page)
    await plant(page, { owner: 'Ada' })
    const idle = await idleMemory(profile.processId)

    const watched = async (deed: () => Promise<void>) => {
      const watch = new MemoryWatch(profile.processId)
      const sinceMs = performance.now()
      await deed()
      const rate = `${(sizeBytes / 1000 / (performance.now() - sinceMs)).toFixed(0)} MB/s`
      const peak = await watch.stop()
      expect(watch.lookCount).toBeGreaterThan(20)
      const aboveBytes = sumOf(peak) - sumOf(idle)
      const byKind = [...peak].map(([kind, kindBytes]) => `${kind} ${inMiB(kindBytes - (idle.get(kind) ?? 0))}`)
      return { aboveBytes, text: `${inMiB(aboveBytes)} at ${rate} (${byKind.join(', ')})` }
    }
    const adding = await watched(async () => {
      await pickFiles(page, path)
      await expect(rowOf(page, 'large.bin')).toBeVisible({ timeout: 600_000 })
    })
    let saved = ''
    const reading = await watched(async () => {
      saved = await (await downloadFile(page, 'large.bin')).path()
    })
    info.annotations.push(
      { type: 'required', description: `< ${inMiB(allowedBytes)}` },
      { type: 'measured', description: `adding ${adding.text}, downloading ${reading.text}` },
    )
    expect(await hashOnDisk(saved)).toBe(hash)
    expect(Math.max(adding.aboveBytes, reading.aboveBytes)).toBeLessThan(allowedBytes)
  })
