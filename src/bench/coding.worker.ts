/**
 * The thread in which the kernel is measured in a browser.
 * @module
 */
// oxlint-disable-next-line import/default -- Vite gives the address of the file
import peerAddress from 'raptorq/raptorq_bg.wasm?url'
import { kernelAddress } from '../edge/wasm/kernel.ts'
import { measureCoding } from './coding.ts'
import { measureMerkle } from './hashing.ts'

/** K of a source block, or the Merkle tree. */
export type CodingQuestion = number | 'merkle'
export type CodingAnswer = { readonly figures: unknown } | { readonly error: string }

const fetched = async (address: URL | string): Promise<ArrayBuffer> => (await fetch(address)).arrayBuffer()

async function measure(question: CodingQuestion): Promise<unknown> {
  const kernelOctets = await fetched(kernelAddress)
  return question === 'merkle'
    ? measureMerkle(kernelOctets)
    : measureCoding(question, kernelOctets, await fetched(peerAddress))
}

self.addEventListener('message', ({ data }: MessageEvent<CodingQuestion>) => {
  const answer = (message: CodingAnswer): void => (self as unknown as Worker).postMessage(message)
  measure(data).then(
    (figures) => answer({ figures }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
