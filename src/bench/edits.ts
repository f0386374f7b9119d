/**
 * Writing 4 KiB at a random place of a file of 1 GiB, against the same in a file of 1 MiB, both by the whole node on the platform of a
 * browser: the sector is opened, written over and sealed anew with the pages above it, signed, logged and durable before its writer
 * is answered.
 * @module
 */
import { equal } from '../core/bytes/bytes.ts'
import { sectorSizeBytes } from '../core/block/block.ts'
import type { NodeApi } from '../node/api.ts'
import { type Comparison, alternate } from './alternate.ts'
import { contentOf, random, rootIdOf, startNode } from './node.ts'

const mib = 1024 * 1024
const editSizeBytes = 4096
/** One after the other, in one round. */
const editCount = 8
const roundCount = 15

export async function editBlocks(): Promise<Comparison> {
  const { api, idle, close } = await startNode()
  const rootId = await rootIdOf(api)
  const large = await makeFile(api, rootId, 1024 * mib)
  const small = await makeFile(api, rootId, mib)
  const contender = (file: File) => ({ prepare: idle, work: () => editSome(api, file) })
  const times = await alternate(contender(large), contender(small), roundCount)
  for (const { id, newest } of [large, small])
    if (newest === null || !equal(await readSome(api, id, newest.startByte), newest.octets))
      throw new Error('what was written is not what is read')
  await close()
  return {
    ours: (editCount * 1000) / times.oursMs,
    baseline: (editCount * 1000) / times.baselineMs,
    note: `${editCount} one after the other, ${roundCount} rounds; baseline: a file of 1 MiB`,
  }
}

interface File {
  readonly id: string
  readonly sizeBytes: number
  newest: { readonly startByte: number; readonly octets: Uint8Array } | null
}

/** With octets of chance everywhere, so that no part of it is a hole. */
async function makeFile(api: NodeApi, rootId: string, sizeBytes: number): Promise<File> {
  const content = {
    size: sizeBytes,
    slice: (start: number, end: number) => ({
      async arrayBuffer() {
        const octets = new Uint8Array(Math.min(end, sizeBytes) - start)
        for (let at = 0; at < octets.length; at += sectorSizeBytes) octets.set(random.bytes(sectorSizeBytes), at)
        return octets.buffer
      },
    }),
  } as unknown as Blob
  const id = await api.addFile(globalThis.crypto.randomUUID(), rootId, `of ${sizeBytes}`, content)
  return { id, sizeBytes, newest: null }
}

async function editSome(api: NodeApi, file: File): Promise<void> {
  for (let count = 0; count < editCount; count++) {
    const startByte = editSizeBytes * Math.floor(Math.random() * (file.sizeBytes / editSizeBytes))
    const octets = random.bytes(editSizeBytes)
    // What is handed over is the node's from then on.
    file.newest = { startByte, octets: octets.slice() }
    await api.editFile(globalThis.crypto.randomUUID(), file.id, [{ startByte, content: contentOf(octets) }])
  }
}

async function readSome(api: NodeApi, id: string, startByte: number): Promise<Uint8Array> {
  const { streamId } = await api.openContent(id, startByte, startByte + editSizeBytes)
  const piece = await api.nextChunk(streamId)
  await api.closeContent(streamId)
  return piece ?? new Uint8Array(0)
}
